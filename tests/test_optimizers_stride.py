"""The architecture of the generalists: what it does not see, how far it reaches, and where it starts."""

import numpy as np
import pytest
import tensorflow as tf

from optimizers import learned

SHAPES = {"bias": (3,), "matrix": (4, 3)}
STEPS = 12


def theta_of(seed=0, spread=0.3):
    rng = np.random.default_rng(seed)
    initial = learned.get("stride[units=4,hidden=3]").initial(seed)
    return {
        name: tf.constant(value + spread * rng.normal(size=value.shape), tf.float64) for name, value in initial.items()
    }


def drawn(seed, scale=1.0):
    rng = np.random.default_rng(seed)
    return {name: tf.constant(scale * rng.normal(size=shape)) for name, shape in SHAPES.items()}


def run(theta, scale=1.0, signs=None, sizes=1.0):
    """Updates (STEPS, parameters) for gradients that do not depend on the parameters."""
    optimizer = learned.get("stride[units=4,hidden=3]").build(theta)
    params, signs = drawn(100, sizes), signs or {name: 1.0 for name in SHAPES}
    params = {name: value * signs[name] for name, value in params.items()}
    state, made = optimizer.init(params), []
    for step in range(STEPS):
        g = {name: value * signs[name] for name, value in drawn(step, scale).items()}
        updates, state = optimizer.update(g, state, params, tf.constant(step))
        params = tf.nest.map_structure(tf.add, params, updates)
        made.append(np.concatenate([u.numpy().ravel() for u in tf.nest.flatten(updates)]))
    return np.array(made)


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_the_scale_of_the_loss_changes_nothing(scale):
    theta = theta_of()
    np.testing.assert_allclose(run(theta, scale), run(theta), rtol=1e-6, atol=1e-12)


def test_a_flipped_tensor_moves_the_other_way():
    theta, signs = theta_of(), {"bias": -1.0, "matrix": 1.0}
    flipped, plain = run(theta, signs=signs), run(theta)
    np.testing.assert_allclose(flipped[:, :3], -plain[:, :3], rtol=1e-9)
    np.testing.assert_allclose(flipped[:, 3:], plain[:, 3:], rtol=1e-9)


def test_steps_are_relative_to_the_size_of_parameters():
    """Parameters and what moves them a thousand times as large, gradients a thousandth: moves a thousand times."""
    theta = theta_of(spread=0.0)
    np.testing.assert_allclose(run(theta, 1e-3, sizes=1e3), 1e3 * run(theta), rtol=1e-3)


def test_the_step_grows_without_bound_and_shrinks():
    """Saturated readouts: e^pace a step, up or down, from 2 % of the size on."""
    for sign in (1.0, -1.0):
        theta = theta_of(spread=0.0)
        theta["longer_bias"] = tf.constant([sign * 50.0], tf.float64)
        optimizer, params = learned.get("stride[units=4,hidden=3,pace=0.5]").build(theta), drawn(100)
        state = optimizer.init(params)
        first = state[0].numpy()
        for step in range(30):
            _, state = optimizer.update(drawn(step), state, params, tf.constant(step))
        np.testing.assert_allclose(state[0].numpy() - first, sign * 15.0, rtol=1e-6)


def test_untrained_it_is_adam_with_two_percent_of_the_size():
    """The first move: every parameter by 2 % of its tensor's size against the sign of its gradient."""
    theta = theta_of(spread=0.0)
    params, g = drawn(100), drawn(0)
    optimizer = learned.get("stride[units=4,hidden=3]").build(theta)
    update, _ = optimizer.update(g, optimizer.init(params), params, tf.constant(0))
    whole = np.concatenate([value.numpy().ravel() for value in params.values()])
    for name, value in params.items():
        size = np.sqrt(np.mean(value.numpy() ** 2) + 0.1 * np.mean(whole**2) + 1e-4)
        share = np.exp(learned.get("stride").initial(0)["divisor_bias"])
        own = share[:2].sum() / share.sum()
        tensor = np.mean(g[name].numpy() ** 2)
        divisor = np.abs(g[name].numpy()) ** own * tensor ** ((1 - own) / 2)
        expected = -0.02 * size * g[name].numpy() / divisor
        np.testing.assert_allclose(update[name].numpy(), expected, rtol=1e-4)


def test_a_parameter_without_gradient_stays():
    theta = theta_of()
    optimizer, params = learned.get("stride[units=4,hidden=3]").build(theta), drawn(100)
    state = optimizer.init(params)
    for step in range(3):
        g = drawn(step)
        g["matrix"] = g["matrix"] * tf.constant([[0.0], [1.0], [1.0], [1.0]], tf.float64)
        updates, state = optimizer.update(g, state, params, tf.constant(step))
        assert np.all(updates["matrix"].numpy()[0] == 0)
        assert np.all(updates["matrix"].numpy()[1:] != 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stride[units=0]", "units must be a whole number"),
        ("stride[pace=0.0]", "pace must be a positive number, not 0.0"),
    ],
)
def test_mistaken_settings(text, said):
    with pytest.raises(ValueError, match=said):
        learned.get(text)
