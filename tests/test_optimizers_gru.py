"""The component-wise recurrent cells against Keras's, the GRU's contract, and names and mistakes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from optimizers import OptimizerError, learned
from optimizers.learned import inputs
from optimizers.learned.rnn import Gru, Lstm, Ugrnn, Vanilla


def random_theta(architecture, seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=value.shape).astype("float32") for name, value in architecture.initial(0).items()}


def gru_of_keras(theta):
    cell = keras.layers.GRUCell(5, reset_after=True)
    biases = np.stack([theta["bias"], np.concatenate([np.zeros(10), theta["recurrent_bias"]])])
    return cell, biases


CELLS = {
    "gru": (Gru(units=5, input="asinh", input_scale=3.0, output_scale=0.2), gru_of_keras),
    "gru, reset before": (
        Gru(5, "asinh", 3.0, 0.2, reset="before"),
        lambda theta: (keras.layers.GRUCell(5, reset_after=False), theta["bias"]),
    ),
    "lstm": (Lstm(5, "asinh", 3.0, 0.2), lambda theta: (keras.layers.LSTMCell(5), theta["bias"])),
    "vanilla": (Vanilla(5, "asinh", 3.0, 0.2), lambda theta: (keras.layers.SimpleRNNCell(5), theta["bias"])),
}


@pytest.mark.parametrize("name", CELLS)
def test_equals_the_cell_of_keras(name):
    architecture, make = CELLS[name]
    theta = random_theta(architecture)
    cell, bias = make(theta)
    cell.build((None, 1))
    cell.set_weights([theta["kernel"][None], theta["recurrent"], bias])
    optimizer = architecture.build(theta)
    params = {"a": tf.zeros([2, 2]), "b": tf.zeros([3])}
    state = optimizer.init(params)
    expected = tf.nest.map_structure(tf.identity, tf.nest.flatten(state))
    rng = np.random.default_rng(1)
    for step in range(4):
        g = rng.normal(size=7).astype("float32")
        gradients = {"a": tf.reshape(g[:4], [2, 2]), "b": tf.constant(g[4:])}
        updates, state = optimizer.update(gradients, state, params, step)
        _, expected = cell(np.arcsinh(3.0 * g)[:, None], expected)
        expected = tf.nest.flatten(expected)
        for mine, its in zip(tf.nest.flatten(state), expected, strict=True):
            np.testing.assert_allclose(mine, its, atol=1e-6)
        moved = 0.2 * (expected[0].numpy() @ theta["readout"] + theta["offset"])
        np.testing.assert_allclose(np.concatenate([np.ravel(updates["a"]), updates["b"]]), moved, atol=1e-6)


def test_update_gate_network_by_hand():
    """z = σ(2 · 1 + 0) and h' = z · 0.5 + (1 − z) tanh(−1 · 1 + 0.3 · 0.5)."""
    theta = {
        "kernel": np.array([2.0, -1.0]),
        "recurrent": np.array([[0.0, 0.3]]),
        "bias": np.zeros(2),
        "initial_state": np.array([0.5]),
        "readout": np.array([1.0]),
        "offset": np.zeros(1),
    }
    optimizer = Ugrnn(units=1, input="raw", output_scale=1.0).build(theta)
    x = tf.constant([1.0], tf.float64)
    keep = 1 / (1 + np.exp(-2.0))
    updates, _ = optimizer.update(x, optimizer.init(x), x, 0)
    np.testing.assert_allclose(updates, keep * 0.5 + (1 - keep) * np.tanh(-0.85), rtol=1e-12)


def test_the_form_of_the_paper():
    """256 units, U and W of variance 1/256, all else zero; θ without a recurrent bias."""
    gru = learned.get("gru[units=256,reset=before,draw=normal,input=raw,output_scale=1.0]")
    theta = gru.initial(0)
    assert {name: value.shape for name, value in theta.items()} == {
        "kernel": (768,),
        "recurrent": (256, 768),
        "bias": (768,),
        "initial_state": (256,),
        "readout": (256,),
        "offset": (1,),
    }
    for name, low, high in (("recurrent", 0.0622, 0.0628), ("kernel", 0.057, 0.068)):
        assert low < theta[name].std() < high
    assert not any(theta[n].any() for n in ("bias", "initial_state", "readout", "offset"))


def test_inputs_by_hand():
    g = tf.constant([np.e**3, -np.e, 0.0, -1e-5], tf.float64)
    expected = {
        "raw": g[:, None],
        "asinh": np.arcsinh(g)[:, None],
        "log_sign": [[0.3, 1.0], [0.1, -1.0], [-1.0, 0.0], [-1.0, -1e-5 * np.e**10]],
        "log1p_sign": np.stack([np.log1p(np.abs(g)), np.sign(g)], axis=1),
    }
    assert set(expected) == set(inputs.INPUTS)
    for kind, values in expected.items():
        np.testing.assert_allclose(inputs.show(kind, g), values, rtol=1e-12)
        assert inputs.width(kind) == np.shape(values)[1]
        with tf.GradientTape() as tape:
            tape.watch(g)
            shown = inputs.show(kind, g)
        assert np.all(np.isfinite(tape.gradient(shown, g)))


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


def test_the_untrained_weights_of_a_seed_never_change():
    """The shipped weights were made from these."""
    theta = learned.get("gru[units=3]").initial(5)
    np.testing.assert_allclose(theta["kernel"][:3], [-1.0280948, -0.4426147, 0.2803813], rtol=1e-6)
    first = np.abs(theta["recurrent"][0, :3])  # the sign of a column is the library's
    np.testing.assert_allclose(first, [0.7780164, 0.5931531, 0.2070261], rtol=1e-5)
    np.testing.assert_array_equal(theta["bias"], [1, 1, 1, 0, 0, 0, 0, 0, 0])
    names = "kernel recurrent bias recurrent_bias initial_state readout offset"
    assert list(theta) == names.split()


@pytest.mark.parametrize(
    "text",
    [
        "gru",
        "gru[units=64]",
        "gru[input=raw,output_scale=1.0]",
        "gru[units=3,input='raw',input_scale=2.0]",
        "gru[reset=before,draw=normal]",
        "lstm[input=log_sign]",
        "aggmo[decays=complex]",
        'hyperparameters[optimizer="adam-cosine"]',
        "hyperparameters[optimizer='adam[beta_1=0.8]',gain=5.0]",
    ],
)
def test_names_round_trip(text):
    architecture = learned.get(text)
    assert learned.get(learned.spell(architecture)) == architecture


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("transformer", "unknown architecture 'transformer'; known: gru, lstm, vanilla, ugrnn"),
        ("gru[units", "unknown architecture"),
        ("gru[size=3]", r"it has no setting 'size'\); settings: units=32"),
        ("gru[units=]", "'' is no number or word"),
        ("gru[units=0]", "units must be a whole number of at least 1, not 0"),
        ("gru[input=log]", "input 'log' is none of raw, asinh, log_sign, log1p_sign"),
        ("gru[reset=never]", "reset 'never' is none of after, before"),
        ("gru[output_scale=1/2]", "'1/2' is no number or word"),
        ("lstm[reset=before]", "it has no setting 'reset'"),
        ("l2l[precision=0]", "precision must be a positive number, not 0"),
        ("rnnprop[beta_1=1.0]", "beta_1 must be at least 0 and below 1, not 1.0"),
        ("linear[past_updates=-1]", "past_updates must be a whole number of at least 0, not -1"),
        ("hyperparameters[optimizer=adom]", "unknown optimizer 'adom'; did you mean 'adam'?"),
        ("hyperparameters[optimizer=3]", "optimizer must be a name, not 3"),
        (
            "hyperparameters[optimizer='adam[learning_rate=1.0,beta_1=0.5,beta_2=0.5,epsilon=1.0]']",
            "has no hyper-parameters to learn; name a hand-designed one with a search space",
        ),
    ],
)
def test_mistakes(text, said):
    with pytest.raises(OptimizerError, match=said) as caught:
        learned.get(text)
    assert "__init__" not in str(caught.value)
