"""Wrapped tasks against the task inside: values, gradients, noise, and what is passed on."""

import numpy as np
import pytest
import tensorflow as tf

import tasks
from bench.engine.keys import keys
from bench.engine.sampling import batches, sample
from tasks.classic import Booth, GoldsteinPrice, Rosenbrock
from tasks.matrix import Factorization
from tasks.network import DigitsNetwork, PlanarNetwork
from tasks.quadratic import Conditioned
from tasks.regression import Regression
from tasks.wrappers import Delayed, Noisy, Rescaled, Rotated, ScaledLoss, Wrapper

KEY = tf.constant([3, 4])


def value_and_gradient(task, params, data, batch=None):
    with tf.GradientTape() as tape:
        tape.watch(params)
        loss = task.loss(params, data, batch)
    return loss, tape.gradient(loss, params)


def flat(structure):
    return np.concatenate([np.ravel(leaf) for leaf in tf.nest.flatten(structure)])


def test_names():
    assert tasks.get('rescaled[task="rosenbrock",parameters=10]') == Rescaled(Rosenbrock(), 10.0)
    inner = tasks.get('rotated[task="quadratic[dimension=20,condition=1e4]"]').task
    assert inner == Conditioned(20, 1e4)
    nested = tasks.get("noisy[task='rescaled[task=\"booth\"]',deviation=0.5]")
    assert nested == Noisy(Rescaled(Booth()), 0.5)
    assert hash(nested) == hash(Noisy(Rescaled("booth"), 0.5))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rescaled[task='nope']", "unknown task 'nope'"),
        ("rescaled[task=3]", "task is a task's name, not 3"),
        ("rescaled[parameters=0.0]", "parameters=0.0, spread=0.0: they are > 0 and ≥ 0"),
        ("scaled-loss[factor=-1.0]", "factor=-1.0 of a loss: it is > 0"),
        ("noisy[deviation=-1.0]", "deviation=-1.0 of gradient noise: it is ≥ 0"),
    ],
)
def test_mistakes(name, text):
    with pytest.raises(tasks.TaskError, match=text):
        tasks.get(name)
    with pytest.raises(tasks.TaskError, match="is not a task"):
        Rescaled(3.0)


@pytest.mark.parametrize("wrapper", [Wrapper, Rescaled, Noisy, Rotated, Delayed])
def test_attributes_are_the_inner_tasks(wrapper):
    wrapped, inner = wrapper("goldstein-price"), GoldsteinPrice()
    assert (wrapped.floor, wrapped.tile, wrapped.cost) == (inner.floor, inner.tile, inner.cost)
    assert (wrapped.reference, wrapped.version) == (inner.reference, inner.version)
    assert set(wrapped.tags) >= {*inner.tags, "wrapped"}
    assert ("stochastic" in wrapped.tags) == (wrapper is Noisy)


def test_a_searched_floor_is_passed_on():
    assert Rescaled("wine").floor == tasks.get("wine").floor > 0
    assert ScaledLoss("wine", 10.0).floor == 10 * tasks.get("wine").floor


@pytest.mark.parametrize("inner", [Rosenbrock(), Factorization(), PlanarNetwork()])
def test_rescaled_loss_is_the_same_and_its_gradient_times_the_scale(inner):
    wrapped = Rescaled(inner, parameters=10.0)
    (params, data), (scaled, its_data) = inner.sample(KEY), wrapped.sample(KEY)
    np.testing.assert_allclose(flat(scaled), flat(params) / 10, rtol=1e-6)
    loss, gradient = value_and_gradient(inner, params, data)
    its_loss, its_gradient = value_and_gradient(wrapped, scaled, its_data)
    np.testing.assert_allclose(its_loss, loss, rtol=1e-5)
    np.testing.assert_allclose(flat(its_gradient), 10 * flat(gradient), rtol=1e-3, atol=1e-4)


def test_spread_scales_differ_by_parameter_and_problem():
    wrapped = Rescaled(Conditioned(), parameters=1.0, spread=2.0)
    scales = [wrapped.sample(KEY + i)[1]["scales"].numpy() for i in range(50)]
    exponents = np.log10(np.concatenate(scales))
    assert exponents.min() > -2
    assert exponents.max() < 2
    assert abs(exponents.std() - 4 / np.sqrt(12)) < 0.15
    params, data = wrapped.sample(KEY)
    np.testing.assert_allclose(
        wrapped.loss(params, data, None), Conditioned().loss(*Conditioned().sample(KEY), None), rtol=1e-4
    )


def test_scaled_loss():
    params, data = Booth().sample(KEY)
    loss, gradient = value_and_gradient(Booth(), params, data)
    its_loss, its_gradient = value_and_gradient(ScaledLoss("booth", 100.0), params, data)
    np.testing.assert_allclose(its_loss, 100 * loss, rtol=1e-6)
    np.testing.assert_allclose(its_gradient, 100 * gradient, rtol=1e-6, atol=1e-6 * np.abs(its_gradient).max())
    np.testing.assert_allclose(ScaledLoss("booth").evaluate(params, data), 100 * loss, rtol=1e-6)


@pytest.mark.parametrize("inner", [Rosenbrock(), Regression(batch=8), PlanarNetwork(batch=8)])
def test_noise_is_added_to_the_gradient_and_not_to_the_score(inner):
    wrapped = Noisy(inner, deviation=0.5)
    params, data = wrapped.sample(KEY)
    seen = tf.nest.map_structure(lambda t: t[7], wrapped.batches(KEY, 10))
    _, clean = value_and_gradient(inner, params, data, seen.get("inner"))
    _, noisy = value_and_gradient(wrapped, params, data, seen)
    np.testing.assert_allclose(flat(noisy) - flat(clean), flat(seen["noise"]), atol=1e-4)
    assert wrapped.evaluate(params, data) == inner.evaluate(params, data)


def test_noise_has_its_deviation_and_is_new_every_step():
    seen = batches(Noisy("rosenbrock", 0.5), keys("noisy", "batches-report", [0, 1]), 2000)["noise"]
    assert seen.shape == (2, 2000, 2)
    assert abs(seen.numpy().std() - 0.5) < 0.02
    assert abs(np.corrcoef(seen[0, :-1, 0], seen[0, 1:, 0])[0, 1]) < 0.1
    assert abs(np.corrcoef(seen[0, :, 0], seen[1, :, 0])[0, 1]) < 0.1


@pytest.mark.parametrize("inner", [Conditioned(), Factorization(), PlanarNetwork()])
def test_rotated_gradient_is_the_rotated_gradient(inner):
    wrapped = Rotated(inner)
    (params, data), (turned, its_data) = inner.sample(KEY), wrapped.sample(KEY)
    rotation = its_data["rotation"].numpy()
    np.testing.assert_allclose(rotation.T @ rotation, np.eye(len(turned)), atol=1e-5)
    np.testing.assert_allclose(turned, flat(params) @ rotation, atol=1e-5)
    loss, gradient = value_and_gradient(inner, params, data)
    its_loss, its_gradient = value_and_gradient(wrapped, turned, its_data)
    np.testing.assert_allclose(its_loss, loss, rtol=1e-4)
    np.testing.assert_allclose(its_gradient, flat(gradient) @ rotation, atol=1e-4)
    np.testing.assert_allclose(wrapped.evaluate(turned, its_data), loss, rtol=1e-4)


def test_rotation_of_a_large_network_is_refused():
    with pytest.raises(tasks.TaskError, match="rotation of 1210 parameters is a matrix of 1210²"):
        Rotated(DigitsNetwork()).sample(KEY)


def test_layers_of_wrapping_draw_apart():
    outer, inner = (Rescaled(Rescaled("booth", spread=1.0), spread=1.0), Rescaled("booth", spread=1.0))
    data = outer.sample(KEY)[1]
    assert np.any(data["scales"].numpy() != data["inner"]["scales"].numpy())
    np.testing.assert_array_equal(data["inner"]["scales"], inner.sample(KEY)[1]["scales"])


def test_delays_add_up():
    assert Delayed("rosenbrock", 4).delay == 4
    assert Noisy(Delayed(Delayed("rosenbrock", 4), 3)).delay == 7
    assert Rosenbrock().delay == 0
    assert tasks.get("delayed[steps=2]") == Delayed("quadratic", 2)


def test_wrapped_problems_are_vectorized_draws():
    params, data = sample(Rotated("quadratic-diagonal"), keys("rotated", "report", [0, 1]))
    assert params.shape == (2, 20)
    assert np.any(data["rotation"][0] != data["rotation"][1])
