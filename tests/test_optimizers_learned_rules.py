"""Each architecture against its own equations, written out in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

import optimizers
from optimizers import learned
from optimizers.learned import features
from optimizers.learned.lds import Lds

GRADIENTS = np.array([[0.5, -2.0], [1.0, 0.0], [-0.25, 3.0]])


def moves(architecture, theta, gradients=GRADIENTS, params=None):
    """Updates (T, …) in float64."""
    theta = {name: np.asarray(value, float) for name, value in theta.items()}
    optimizer = architecture.build(theta)
    params = tf.zeros(gradients.shape[1:], tf.float64) if params is None else tf.constant(params)
    state, made = optimizer.init(params), []
    for step, g in enumerate(gradients):
        update, state = optimizer.update(tf.constant(g), state, params, tf.constant(step))
        made.append(update.numpy())
    return np.array(made)


def test_linear_dynamical_system():
    rng = np.random.default_rng(0)
    lds = Lds(units=2, input_scale=3.0, output_scale=0.5)
    theta = {name: rng.normal(size=value.shape) for name, value in lds.initial(0).items()}
    expected, h = [], np.tile(theta["initial_state"], (2, 1))
    for g in GRADIENTS:
        h = np.array(
            [
                theta["recurrent"].T @ row + theta["kernel"] * 3.0 * x + theta["bias"]
                for row, x in zip(h, g, strict=True)
            ]
        )
        expected.append(0.5 * (h @ theta["readout"] + theta["offset"]))
    np.testing.assert_allclose(moves(lds, theta), expected, rtol=1e-12)
    for seed in range(3):
        assert np.max(np.abs(np.linalg.eigvals(Lds().initial(seed)["recurrent"]))) < 0.951


def test_one_real_velocity_is_heavy_ball():
    theta = {"logits": [np.log(0.9 / 0.1)], "rates": [0.2], "initial_state": [0.0]}
    theta = {name: np.array(value) for name, value in theta.items()}
    expected, v = [], np.zeros(2)
    for g in GRADIENTS:
        v = 0.9 * v - 0.2 * g
        expected.append(v)
    np.testing.assert_allclose(moves(learned.get("aggmo[modes=1]"), theta), expected, rtol=1e-12)
    filtered = {"gradients": np.array([-0.2, 0.0]), "updates": np.array([0.9])}
    found = moves(learned.get("linear[memory=2,past_updates=1]"), filtered)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_complex_velocities():
    rng = np.random.default_rng(1)
    aggmo = learned.get("aggmo[modes=3,decays=complex,output_scale=0.5]")
    theta = {name: rng.normal(size=value.shape) for name, value in aggmo.initial(0).items()}
    beta = np.exp(1j * theta["angles"]) / (1 + np.exp(-theta["logits"]))
    alpha = theta["rates"] + 1j * theta["rates_imaginary"]
    m = np.tile(theta["initial_state"] + 1j * theta["initial_imaginary"], (2, 1))
    expected = []
    for g in GRADIENTS:
        m = beta * m - alpha * g[:, None]
        expected.append(0.5 * m.sum(1).real)
    np.testing.assert_allclose(moves(aggmo, theta), expected, rtol=1e-12)


def test_weighted_gradients():
    found = moves(learned.get("linear[memory=2,output_scale=2.0]"), {"gradients": [-1.0, 0.5]})
    before = np.concatenate([np.zeros((1, 2)), GRADIENTS[:-1]])
    np.testing.assert_allclose(found, 2.0 * (0.5 * before - GRADIENTS), rtol=1e-12)


def test_rnnprop_sees_no_scale_and_is_bounded():
    """Gradients times 1e6 give the same moves; none above α; at a first step both inputs are the sign."""
    rnnprop = learned.get("rnnprop[units=3,output_scale=0.3]")
    rng = np.random.default_rng(2)
    theta = {name: 3 * rng.normal(size=value.shape) for name, value in rnnprop.initial(0).items()}
    found = moves(rnnprop, theta)
    np.testing.assert_allclose(moves(rnnprop, theta, 1e6 * GRADIENTS), found, rtol=1e-6)
    assert np.max(np.abs(found)) < 0.3
    g = tf.constant([[0.5], [-2.0]], tf.float64)
    shown = rnnprop._normalized(g, 0.05 * g, 0.05 * g * g, 0)
    np.testing.assert_allclose(shown, [[1, 1], [-1, -1]], rtol=1e-6)


def test_l2l_is_two_lstm_layers_of_keras():
    import keras

    l2l = learned.get("l2l[units=4]")
    rng = np.random.default_rng(3)
    theta = {name: rng.normal(size=value.shape) for name, value in l2l.initial(0).items()}
    cell = keras.layers.StackedRNNCells([keras.layers.LSTMCell(4) for _ in range(2)])
    cell.build((None, 2))
    for layer, its in enumerate(cell.cells, start=1):
        its.set_weights([theta[f"{name}_{layer}"] for name in ("kernel", "recurrent", "bias")])
    state, expected = [[np.zeros((2, 4), "float32")] * 2] * 2, []
    for g in GRADIENTS:
        with np.errstate(divide="ignore"):
            logs = np.maximum(np.log(np.abs(g)) / 10, -1)
        shown = np.stack([logs, np.clip(g * np.exp(10), -1, 1)], axis=1)
        y, state = cell(shown.astype("float32"), state)
        expected.append(0.1 * (y.numpy() @ theta["readout"] + theta["offset"]))
    np.testing.assert_allclose(moves(l2l, theta), expected, atol=2e-6)


@pytest.mark.parametrize("name", ["adam", "momentum", "rmsprop", "nesterov"])
def test_learned_hyperparameters_start_at_the_defaults(name):
    entry, architecture = optimizers.get(name), learned.get(f"hyperparameters[optimizer={name}]")
    theta = architecture.initial(0)
    assert set(theta) == set(entry.space)
    g = tf.constant(GRADIENTS[0], tf.float32)
    for _ in range(2):
        made = [architecture.build(theta), entry.build(entry.defaults)]
        ours, theirs = (o.update(g, o.init(g), g, tf.constant(0))[0] for o in made)
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_learned_hyperparameters_by_hand():
    """θ = (log 0.5, logit 0.8) / gain is momentum with rate 0.5 and decay 0.8; a uniform one stays in its bounds."""
    theta = {"learning_rate": [np.log(0.5) / 4], "momentum": [np.log(4.0) / 4]}
    found = moves(learned.get("hyperparameters[optimizer=momentum,gain=4.0]"), theta)
    v = np.zeros(2)
    for update, g in zip(found, GRADIENTS, strict=True):
        v = 0.8 * v - 0.5 * g
        np.testing.assert_allclose(update, v, rtol=1e-6)
    adafactor = learned.get("hyperparameters[optimizer=adafactor]")
    assert set(adafactor.initial(0)) == {"learning_rate", "beta_2_decay", "epsilon_2", "clip_threshold"}
    start = adafactor.initial(0)["beta_2_decay"] * adafactor.gain
    np.testing.assert_allclose(-1.0 + 0.8 / (1 + np.exp(-start)), -0.8, rtol=1e-5)


def _features_by_hand(gradients, x, row, column):
    """Metz et al.'s features of the last gradient, not normalized: (elements, 28)."""
    decays = np.array([0.9, 0.99, 0.999])
    g = gradients[..., None]
    m, v, full = np.zeros((*x.shape, 3)), np.zeros((*x.shape, 1)), np.zeros((*x.shape, 3))
    for now in g:
        m, v = decays * m + (1 - decays) * now, 0.999 * v + 0.001 * now**2
        full = decays * full + (1 - decays) * now**2
    if row is None:
        r = c = full
        scale = 1 / np.sqrt(np.maximum(full, 1e-9))
    else:
        r = np.broadcast_to(full.mean(column, keepdims=True), full.shape)
        c = np.broadcast_to(full.mean(row, keepdims=True), full.shape)
        mean = r.mean(row, keepdims=True) + 1e-9
        scale = 1 / np.sqrt(np.maximum(r / mean, 1e-9)) / np.sqrt(np.maximum(c, 1e-9))
    root = 1 / np.sqrt(v + 1e-6)
    each = [
        g[-1],
        x[..., None],
        m,
        v,
        m * root,
        root,
        g[-1] * scale,
        r,
        c,
        1 / np.sqrt(r + 1e-8),
        1 / np.sqrt(c + 1e-8),
        m * scale,
    ]
    return np.concatenate(each, axis=-1).reshape(-1, 28)


@pytest.mark.parametrize(
    ("shape", "row", "column"),
    [((), None, None), ((3,), None, None), ((2, 3), 0, 1), ((4, 3), 1, 0), ((2, 4, 1, 3), 3, 1)],
)
def test_features_of_the_mlp(shape, row, column):
    rng = np.random.default_rng(4)
    gradients, x = rng.normal(size=(3, *shape)), rng.normal(size=shape)
    mlp = learned.get("mlp")
    theta = {name: tf.constant(v, tf.float64) for name, v in mlp.initial(0).items()}
    param = tf.constant(x)
    state = features.start(param)
    for step, g in enumerate(gradients):
        shown, state = features.see(theta, tf.constant(g), state, param, step)
    raw = _features_by_hand(gradients, x, row, column)
    times = np.tanh(2 / np.array([1, 3, 10, 30, 100, 300, 1e3, 3e3, 1e4, 3e4, 1e5]) - 1)
    np.testing.assert_allclose(shown[:, :28], raw / np.sqrt(1e-5 + np.mean(raw**2, axis=0)), rtol=1e-6)
    np.testing.assert_allclose(shown[:, 28:], np.tile(times, (len(raw), 1)), rtol=1e-6)


def test_the_mlp_moves_by_direction_and_exponent():
    """With weights of zero, biases alone: −0.1 · 2 · exp(0.5 · 3)."""
    mlp = learned.get("mlp[output_scale=0.1,exponent_scale=0.5]")
    theta = {name: np.zeros(value.shape) for name, value in mlp.initial(0).items()}
    theta["bias_2"] = np.array([2.0, 3.0])
    np.testing.assert_allclose(moves(mlp, theta), -0.2 * np.exp(1.5), rtol=1e-6)


def test_the_mlp_learns_its_decays():
    """1 − 0.9 times exp(10 · 0.1) is the new 1 − decay of the first momentum."""
    theta = {name: np.asarray(value) for name, value in learned.get("mlp").initial(0).items()}
    theta["momentum_decays"] = np.array([0.1, 0.0, 0.0], "float32")
    x = tf.ones([2])
    _, state = features.see({k: tf.constant(v) for k, v in theta.items()}, x, features.start(x), x, 0)
    np.testing.assert_allclose(state["momenta"][0], [0.1 * np.e, 0.01, 0.001], rtol=1e-4)
