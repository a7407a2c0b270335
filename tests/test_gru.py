"""The component-wise GRU against Keras's cell, and its contract."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from optimizers import OptimizerError, learned
from optimizers.learned.gru import Gru


def random_theta(gru, seed=0):
    rng = np.random.default_rng(seed)
    return {
        name: rng.normal(size=value.shape).astype("float32")
        for name, value in gru.initial(0).items()
    }


def test_equals_keras_gru_cell():
    gru = Gru(units=5, input="asinh", input_scale=3.0, output_scale=0.2)
    theta = random_theta(gru)
    cell = keras.layers.GRUCell(5, reset_after=True)
    cell.build((None, 1))
    biases = np.stack([theta["bias"], np.concatenate([np.zeros(10), theta["recurrent_bias"]])])
    cell.set_weights([theta["kernel"][None], theta["recurrent"], biases])
    optimizer = gru.build(theta)
    params = {"a": tf.zeros([2, 2]), "b": tf.zeros([3])}
    state, expected = optimizer.init(params), np.tile(theta["initial_state"], (7, 1))
    rng = np.random.default_rng(1)
    for step in range(4):
        g = rng.normal(size=7).astype("float32")
        gradients = {"a": tf.reshape(g[:4], [2, 2]), "b": tf.constant(g[4:])}
        updates, state = optimizer.update(gradients, state, params, step)
        expected = cell(np.arcsinh(3.0 * g)[:, None], expected)[0].numpy()
        np.testing.assert_allclose(state, expected, atol=1e-6)
        moved = 0.2 * (expected @ theta["readout"] + theta["offset"])
        np.testing.assert_allclose(
            np.concatenate([np.ravel(updates["a"]), updates["b"]]), moved, atol=1e-6
        )


def test_untrained_does_nothing_and_is_keyed_by_its_seed():
    gru = Gru(units=4)
    optimizer = gru.build(gru.initial(0))
    updates, _ = optimizer.update(tf.ones([3]), optimizer.init(tf.ones([3])), tf.ones([3]), 0)
    np.testing.assert_array_equal(updates, 0)
    for name, value in gru.initial(3).items():
        np.testing.assert_array_equal(value, gru.initial(3)[name])
    assert np.any(gru.initial(3)["kernel"] != gru.initial(4)["kernel"])
    blocks = np.split(gru.initial(0)["recurrent"], 3, axis=1)
    for block in blocks:
        np.testing.assert_allclose(block.T @ block, np.eye(4), atol=1e-5)


def test_runs_in_float64():
    gru = Gru(units=4)
    optimizer = gru.build(random_theta(gru))
    params = tf.zeros([1], tf.float64)
    updates, state = optimizer.update(tf.ones([1], tf.float64), optimizer.init(params), params, 0)
    assert updates.dtype == state.dtype == tf.float64


@pytest.mark.parametrize(
    "text",
    [
        "gru",
        "gru[units=64]",
        "gru[input=raw,output_scale=1.0]",
        "gru[units=3,input='raw',input_scale=2.0]",
    ],
)
def test_names_round_trip(text):
    architecture = learned.get(text)
    assert learned.get(learned.spell(architecture)) == architecture


@pytest.mark.parametrize(
    "text", ["lstm", "gru[size=3]", "gru[units=0]", "gru[input=log]", "gru[units", "gru[units=-1]"]
)
def test_mistakes(text):
    with pytest.raises(OptimizerError, match=r"known: gru|settings: units=32"):
        learned.get(text)
