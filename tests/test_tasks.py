"""Contract of every registered task, known values of the paper's, and names."""

import dataclasses
import functools
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import make_moons

import tasks
from bench.engine.keys import keys
from bench.engine.sampling import batches, sample
from tasks.layout import mlp
from tasks.mistakes import check
from tasks.moons import FreshTwoMoons, TwoMoons
from tasks.quadratic import Conditioned, Quadratic

FAMILIES = ("quadratic", "regression", "classic", "logistic", "matrix", "network", "image", "sequence")


@functools.cache
def problem(name, seed=0):
    params, data = sample(tasks.get(name), keys(name, "report", [seed]))
    return tf.nest.map_structure(lambda t: t[0], (params, data))


@functools.cache
def batch(name, steps=3):
    drawn = batches(tasks.get(name), keys(name, "batches-report", [0]), steps)
    return None if drawn is None else tf.nest.map_structure(lambda t: t[0], drawn)


@functools.cache
def value_and_gradient(name):
    task, (params, data) = tasks.get(name), problem(name)
    with tf.GradientTape() as tape:
        tape.watch(params)
        loss = task.evaluate(params, data)
    return loss, tape.gradient(loss, params)


def flat(structure):
    return np.concatenate([np.ravel(leaf) for leaf in tf.nest.flatten(structure)])


@pytest.mark.parametrize("name", tasks.names())
class TestContract:
    def test_same_key_same_problem_others_differ(self, name):
        task = tasks.get(name)
        many = sample(task, keys(name, "report", [1, 0, 2]))
        for a, b in zip(tf.nest.flatten(problem(name)), tf.nest.flatten(many), strict=True):
            np.testing.assert_array_equal(a, b[1])
        starts = tf.nest.flatten(many[0])[0].numpy()
        other = tf.nest.flatten(sample(task, keys(name, "tune", [0]))[0])[0].numpy()
        assert np.any(starts[0] != starts[1])
        assert np.any(starts[1] != other[0])

    def test_loss_is_what_the_engine_can_run(self, name):
        seen = batch(name)
        one = seen if seen is None else tf.nest.map_structure(lambda t: t[0], seen)
        check(tasks.get(name), *problem(name), one)

    def test_loss_and_gradient_are_finite_and_above_the_floor(self, name):
        loss, gradients = value_and_gradient(name)
        assert loss.shape == ()
        assert np.isfinite(loss)
        assert loss > tasks.get(name).floor
        assert np.all(np.isfinite(flat(gradients)))
        assert np.any(flat(gradients))

    def test_gradient_agrees_with_finite_differences(self, name):
        """Along the gradient itself, where the slope stands out of float32's rounding."""
        task, (params, data) = tasks.get(name), problem(name)
        loss, gradients = value_and_gradient(name)
        slope = np.linalg.norm(flat(gradients).astype("float64"))
        # a change of the loss by 1e-3 of it, either way, well above its rounding
        step = min(1e-3 * max(abs(float(loss)), 1e-2) / slope, 1e-2) / slope
        ends = [
            task.evaluate(tf.nest.map_structure(lambda p, g, s=s: p + s * g, params, gradients), data)
            for s in (step, -step)
        ]
        np.testing.assert_allclose((ends[0] - ends[1]) / (2 * step), slope**2, rtol=2e-2)

    def test_says_where_it_comes_from_and_what_it_costs(self, name):
        task = tasks.get(name)
        assert task.reference[-4:].isdigit() or "made small" in task.reference
        assert task.version >= 1
        assert task.tags[0] in FAMILIES
        assert ("convex" in task.tags) != ("nonconvex" in task.tags)
        assert task.cost in ("light", "medium", "heavy")
        configurations, seeds = task.tile
        assert configurations & (configurations - 1) == seeds & (seeds - 1) == 0

    def test_batches_are_the_sign_of_a_stochastic_task(self, name):
        seen = batch(name)
        assert (seen is not None) == ("stochastic" in tasks.get(name).tags)
        if seen is not None:
            assert {leaf.shape[0] for leaf in tf.nest.flatten(seen)} == {3}
            first, second = (tf.nest.map_structure(lambda t, i=i: t[i], seen) for i in (0, 1))
            assert np.any(flat(first) != flat(second))


STOCHASTIC = [name for name in tasks.names() if "stochastic" in tasks.get(name).tags]


@pytest.mark.parametrize("name", STOCHASTIC)
def test_batches_are_unbiased(name):
    """The mean loss over many steps' batches is the loss that is scored, within four standard errors."""
    task, (params, data) = tasks.get(name), problem(name)
    seen = batch(name, 400)
    losses = tf.map_fn(
        tf.function(lambda one: task.loss(params, data, one), autograph=False), seen, fn_output_signature=tf.float32
    ).numpy()
    # sequences are scored on a sample of the problem's own, itself some standard errors off
    share = 0.25 if task.tags[0] == "sequence" else 0.0
    allowed = 4 * losses.std() / np.sqrt(len(losses)) + share * losses.mean()
    assert abs(losses.mean() - float(task.evaluate(params, data))) < allowed


def test_there_are_forty_names_in_eight_families():
    tagged = [tasks.get(name).tags for name in tasks.names()]
    shipped = [tags for tags in tagged if tags]  # other tests register tasks without
    assert {tags[0] for tags in shipped} == set(FAMILIES)
    assert len([tags for tags in shipped if "wrapped" not in tags]) >= 40


def test_naming_the_tasks_loads_neither_tensorflow_nor_scikit_learn():
    code = (
        "import sys, tasks; [tasks.get(n).floor for n in tasks.names()]; "
        "print({'tensorflow', 'sklearn', 'numpy'} & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("name", "first", "loss"),
    [
        ("linear-regression", -1.2945797443389893, 115.92071533203125),
        ("rosenbrock", 1.9458951950073242, 565.6027221679688),
        ("two-moons", 0.35500726103782654, 0.9287718534469604),
        ("two-moons-small", 0.6696448922157288, 0.8956506848335266),
    ],
)
def test_published_problems_stay(name, first, loss):
    """First parameter and loss of report problem 0, as when the reference results were made."""
    params, data = problem(name)
    assert float(flat(params)[0]) == pytest.approx(first, rel=1e-6)
    assert float(tasks.get(name).loss(params, data, None)) == pytest.approx(loss, rel=1e-5)


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
    assert mlp(params, data["inputs"]).shape == (1, 64)
    clean = FreshTwoMoons(noise=0.0)
    inputs = sample(clean, keys("x", "report", [0]))[1]["inputs"][0].numpy()
    outer = inputs[:, :32] + [[0.5], [0.25]]
    np.testing.assert_allclose(np.hypot(*outer), 1.0, atol=1e-5)


class TestNames:
    def test_variants(self):
        assert tasks.get("linear-regression[dimension=20]") == Quadratic(dimension=20)
        spectrum = tasks.get("linear-regression[log10_spectrum=(-1.0, 0.0)]").log10_spectrum
        assert spectrum == (-1.0, 0.0)
        assert tasks.get("quadratic[dimension=20,condition=1e4]") == Conditioned(20, 1e4)
        assert repr(tasks.get("quadratic[condition=10]")) == repr(tasks.get("quadratic[condition=10.0]"))

    def test_a_searched_floor_is_not_a_variants(self):
        assert tasks.get("wine").floor > 0
        assert tasks.get("wine[penalty=1e-4]").floor == 0
        assert tasks.get("styblinski-tang[dimension=2]").floor == 2 * -39.16618

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("quad", r"unknown task 'quad'; did you mean 'quadratic'\? See python -m bench list tasks"),
            ("rosenbrock[a=1]", "its settings are: none"),
            ("linear-regression[dimension]", "its settings are: dimension, log10_spectrum"),
            ("linear-regression[dim=3]", "its settings are"),
            ("quadratic[dimension=2.5]", "dimension is like 10, not 2.5"),
            ("quadratic[dimension=0]", "dimension is at least 1, not 0"),
            ("quadratic[condition=1e999]", "condition is finite, not inf"),
            ("quadratic[condition='x']", "condition is like 100.0, not 'x'"),
            ("powell[dimension=6]", "6 of Powell's function is not a multiple of 4"),
            ("circles[data='cubes']", "unknown data 'cubes' of a network; known: moons, circles"),
            ("regression-huber[penalty='cube']", "unknown penalty 'cube' of a regression; known: square"),
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

    @pytest.mark.parametrize(
        ("attributes", "text"),
        [
            ({"tile": (16,)}, r"has tile \(16,\); it is two whole numbers"),
            ({"tile": (0, 16)}, "two whole numbers ≥ 1"),
            ({"cost": "cheap"}, "has cost 'cheap'; use one of light, medium, heavy"),
            ({"floor": float("nan")}, "has floor nan; a floor is one finite number"),
            ({"tags": "convex"}, "has tags 'convex'; they are a tuple of words"),
        ],
    )
    def test_attributes_of_a_wrong_kind(self, attributes, text):
        odd = type("Odd", (Quadratic,), attributes)
        with pytest.raises(tasks.TaskError, match=text):
            tasks.register("odd", odd())
        assert "odd" not in tasks.names()

    def test_floors(self):
        odd = type("Odd", (Quadratic,), {"floor": np.float32(-1.5)})()
        tasks.register("of-numpy", odd)
        assert float(tasks.get("of-numpy").floor) == -1.5
        for wrong in (float("nan"), "low", [0.0], 1j):
            with pytest.raises(tasks.TaskError, match="a floor is one finite number"):
                tasks.register("floored", Quadratic(dimension=91), floor=wrong)
        assert "floored" not in tasks.names()


@pytest.mark.parametrize("name", tasks.names())
def test_no_setting_hides_what_the_engine_asks_of_every_task(name):
    settings = {field.name for field in dataclasses.fields(tasks.get(name))}
    assert not {word for word in vars(tasks.Task) if not word.startswith("_")} & settings - {"delay"}
