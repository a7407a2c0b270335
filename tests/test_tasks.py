"""Contract of every registered task, and known values of the shipped ones."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import make_moons

import tasks
from bench.keys import keys
from bench.sampling import batches, sample
from tasks.moons import FreshTwoMoons, TwoMoons, mlp
from tasks.quadratic import Quadratic


def problem(name, seed=0):
    params, data = sample(tasks.get(name), keys(name, "report", [seed]))
    return tf.nest.map_structure(lambda t: t[0], (params, data))


def value_and_gradient(task, params, data):
    with tf.GradientTape() as tape:
        tape.watch(params)
        loss = task.loss(params, data, None)
    return loss, tape.gradient(loss, params)


@pytest.mark.parametrize("name", tasks.names())
class TestContract:
    def test_same_key_same_problem_however_many(self, name):
        one = sample(tasks.get(name), keys(name, "report", [3]))
        many = sample(tasks.get(name), keys(name, "report", [1, 3, 2]))
        for a, b in zip(tf.nest.flatten(one), tf.nest.flatten(many), strict=True):
            np.testing.assert_array_equal(a[0], b[1])

    def test_seeds_and_purposes_differ(self, name):
        first, second = (tf.nest.flatten(problem(name, seed)[0])[0] for seed in (0, 1))
        other = sample(tasks.get(name), keys(name, "tune", [0]))[0]
        assert np.any(first != second)
        assert np.any(first != tf.nest.flatten(other)[0][0])

    def test_loss_is_a_finite_float32_scalar_above_the_floor(self, name):
        task = tasks.get(name)
        params, data = problem(name)
        loss, gradients = value_and_gradient(task, params, data)
        assert loss.shape == ()
        assert loss.dtype == tf.float32
        assert np.isfinite(loss)
        assert loss > task.floor
        assert all(np.all(np.isfinite(g)) for g in tf.nest.flatten(gradients))

    def test_gradient_agrees_with_finite_differences(self, name):
        task = tasks.get(name)
        params, data = problem(name)
        _, gradients = value_and_gradient(task, params, data)
        rng = np.random.default_rng(1)
        direction = tf.nest.map_structure(
            lambda p: tf.constant(rng.normal(size=p.shape), tf.float32), params
        )
        slope = sum(
            tf.reduce_sum(g * d)
            for g, d in zip(*map(tf.nest.flatten, (gradients, direction)), strict=True)
        )
        step = 2e-3
        moved = [
            tf.nest.map_structure(lambda p, d, s=s: p + s * step * d, params, direction)
            for s in (1, -1)
        ]
        numeric = (task.loss(moved[0], data, None) - task.loss(moved[1], data, None)) / (2 * step)
        np.testing.assert_allclose(numeric, slope, rtol=2e-2, atol=1e-3)

    def test_says_where_it_comes_from(self, name):
        assert tasks.get(name).reference
        assert tasks.get(name).version >= 1

    def test_deterministic_tasks_have_no_batches(self, name):
        assert batches(tasks.get(name), keys(name, "batches-report", [0]), 5) is None


def test_rosenbrock_by_hand():
    task = tasks.get("rosenbrock")
    assert float(task.loss(tf.constant([1.0, 1.0]), (), None)) == 0.0
    assert float(task.loss(tf.constant([-1.0, 2.0]), (), None)) == 4.0 + 100.0
    starts = sample(task, keys("rosenbrock", "report", range(2000)))[0].numpy()
    np.testing.assert_allclose(starts.min(0), [-2, -1], atol=0.02)
    np.testing.assert_allclose(starts.max(0), [2, 3], atol=0.02)


def test_quadratic_has_the_spectrum_and_the_minimizer_it_says():
    params, data = sample(Quadratic(), keys("linear-regression", "report", range(1000)))
    eigenvalues = np.linalg.eigvalsh(data["hessian"].numpy().astype("float64"))
    exponents = np.log10(eigenvalues)
    assert exponents.min() > -3.01
    assert exponents.max() < 0.01
    assert abs(exponents.mean() + 1.5) < 0.05
    # x* = −H⁻¹v with v ~ N(0, I): H x* is standard normal
    forces = np.einsum("bij,bj->bi", data["hessian"], data["minimizer"])
    assert abs(forces.std() - 1) < 0.03
    assert abs(params.numpy().std() - 1) < 0.03


def test_two_moons_is_the_papers_network_on_scikit_learns_moons():
    params, data = problem("two-moons")
    assert sum(int(tf.size(p)) for p in tf.nest.flatten(params)) == 8577
    inputs, labels = make_moons(1024, noise=0.1, random_state=0)
    signal = inputs.astype("float32")
    for weight, bias in params[:-1]:
        signal = np.tanh(signal @ weight.numpy() + bias.numpy())
    logits = (signal @ params[-1][0].numpy() + params[-1][1].numpy())[:, 0]
    norm = np.sqrt(sum(np.sum(np.square(p.numpy())) for p in tf.nest.flatten(params)))
    expected = np.mean(np.logaddexp(0, logits) - labels * logits) + 5e-3 * norm
    np.testing.assert_allclose(TwoMoons().loss(params, data, None), expected, rtol=1e-5)
    assert 11 < norm < 12.2  # the paper's plateau of momentum, 0.058, is this penalty


def test_small_moons_are_fresh_and_separable():
    params, data = problem("two-moons-small")
    assert sum(int(tf.size(p)) for p in tf.nest.flatten(params)) == 105
    assert data["inputs"].shape == (2, 64)
    assert np.any(data["inputs"] != problem("two-moons-small", 1)[1]["inputs"])
    assert mlp(params, data["inputs"]).shape == (64,)
    clean = FreshTwoMoons(noise=0.0)
    inputs = sample(clean, keys("x", "report", [0]))[1]["inputs"][0].numpy()
    outer = inputs[:, :32] + [[0.5], [0.25]]
    np.testing.assert_allclose(np.hypot(*outer), 1.0, atol=1e-5)


class TestNames:
    def test_variants(self):
        assert tasks.get("linear-regression[dimension=20]") == Quadratic(dimension=20)
        assert tasks.get("linear-regression[log10_spectrum=(-1.0, 0.0)]").log10_spectrum == (
            -1.0,
            0.0,
        )

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("quad", "unknown task 'quad'; known: linear-regression"),
            ("rosenbrock[a=1]", "its settings are: none"),
            ("linear-regression[dimension]", "its settings are: dimension, log10_spectrum"),
            ("linear-regression[dim=3]", "its settings are"),
        ],
    )
    def test_mistakes_name_the_remedy(self, name, text):
        with pytest.raises(tasks.TaskError, match=text.replace("[", r"\[")):
            tasks.get(name)

    def test_registering(self):
        with pytest.raises(tasks.TaskError, match="already registered"):
            tasks.register("rosenbrock", Quadratic())
        with pytest.raises(tasks.TaskError, match="not valid"):
            tasks.register("Has Space", Quadratic())
        with pytest.raises(tasks.TaskError, match=r"register an instance: Quadratic\(\)"):
            tasks.register("fine", Quadratic)
        assert dataclasses.is_dataclass(Quadratic)
