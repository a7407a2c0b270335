"""Loss scaling does under the engine what it does under Keras's trainer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import optimizers
from bench.checks.optimizer_case import BOWL
from bench.engine.problems import Problems
from bench.engine.race import race
from bench.lookup.resolve import entry as entry_of
from optimizers.parity import parity

scaling = keras.optimizers.LossScaleOptimizer


def losses(source):
    entry = entry_of(source)
    thetas = [dict(entry.defaults)]
    return race(entry, thetas, Problems(BOWL, "report", [0, 1], 10), record="all").runs.losses[0]


@pytest.mark.parametrize("make", [keras.optimizers.SGD, pytest.param(keras.optimizers.Adam, marks=pytest.mark.slow)])
def test_a_scaled_loss_trains_as_an_unscaled_one(make):
    plain = losses(make(0.05))
    np.testing.assert_allclose(losses(make(0.05, loss_scale_factor=1024.0)), plain, rtol=1e-6)
    np.testing.assert_allclose(losses(scaling(make(0.05))), plain, rtol=1e-6)
    assert np.all(plain[:, -1] < plain[:, 0])


@pytest.mark.parametrize(
    "source",
    [
        keras.optimizers.SGD(0.05, loss_scale_factor=1024.0, clipnorm=0.1),
        keras.optimizers.SGD(0.05, loss_scale_factor=3.0, weight_decay=0.1),
        scaling(keras.optimizers.SGD(0.05, momentum=0.9, clipnorm=0.1), dynamic_growth_steps=2),
        scaling(keras.optimizers.Adam(0.05)),
    ],
)
def test_parity(source):
    entry = entry_of(source)
    assert parity(entry, [dict(entry.defaults)]) < 1e-5


def walk(optimizer, all_gradients):
    """(parameters, scale) after each step through the contract."""
    params, path = [tf.constant([1.0, -2.0])], []
    state = optimizer.init(params)
    for step, gradient in enumerate(all_gradients):
        updates, state = optimizer.update([tf.constant(gradient)], state, params, tf.constant(step))
        params = [p + u for p, u in zip(params, updates, strict=True)]
        path.append((params[0].numpy(), float(state[-1])))
    return path


def in_keras(optimizer, all_gradients):
    """The same by Keras: the loss is multiplied, hence its gradient."""
    variable, path = keras.Variable([1.0, -2.0]), []
    optimizer.build([variable])
    for gradient in all_gradients:
        optimizer.apply([optimizer.scale_loss(tf.constant(gradient))], [variable])
        path.append((variable.numpy(), float(optimizer.dynamic_scale)))
    return path


def test_steps_that_overflow_are_skipped_and_the_scale_follows():
    gradients = [[1.0, 2.0], [float("inf"), 0.0], [0.5, 0.5], [1e36, 0.0], [0.1, 0.2], [0.3, 0.1], [float("nan"), 1.0]]
    gradients = [np.array(g, "float32") for g in [*gradients, [1.0, 1.0], [1.0, 0.0]]]

    def make():
        return scaling(keras.optimizers.Adam(0.1), initial_scale=1024.0, dynamic_growth_steps=2)

    entry = entry_of(make())
    ours = walk(entry.build({k: tf.constant(v, tf.float32) for k, v in entry.defaults.items()}), gradients)
    theirs = in_keras(make(), gradients)
    for (mine, scale), (its, dynamic) in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-5)
        assert scale == dynamic
    assert len({scale for _, scale in ours}) > 2


def test_what_an_instance_holds_is_tuned():
    space = {"learning_rate": optimizers.LogUniform(1e-4, 1.0)}
    entry = optimizers.register("test-scaled", scaling(keras.optimizers.SGD(0.05)), space=space)
    thetas = [{**entry.defaults, "learning_rate": rate} for rate in (0.01, 0.1)]
    runs = race(entry, thetas, Problems(BOWL, "tune", [0, 1], 10)).runs
    assert np.all(runs.losses[1, :, -1] < runs.losses[0, :, -1])
