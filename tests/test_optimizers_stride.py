"""The architecture of the generalists: what it does not see, how far it reaches, and where it starts."""

import numpy as np
import pytest
import tensorflow as tf

from optimizers import learned
from optimizers.learned.blocks import SAMPLE, Blocks

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


def test_growth_has_a_bound_of_its_own_and_the_first_step_a_factor():
    """Saturated readouts: e^up a step upwards, e^-pace downwards, from a tenth of what θ says."""
    made = {}
    for sign in (1.0, -1.0):
        theta = theta_of(spread=0.0)
        theta["longer_bias"] = tf.constant([sign * 50.0], tf.float64)
        optimizer = learned.get("stride[units=4,hidden=3,pace=0.5,up=0.2,start=0.1]").build(theta)
        state = optimizer.init(drawn(100))
        first = learned.get("stride[units=4,hidden=3]").build(theta).init(drawn(100))[0].numpy()
        np.testing.assert_allclose(state[0].numpy(), first + np.log(0.1), rtol=1e-9)
        for step in range(10):
            _, state = optimizer.update(drawn(step), state, drawn(100), tf.constant(step))
        made[sign] = state[0].numpy() - first - np.log(0.1)
    np.testing.assert_allclose(made[1.0], 2.0, rtol=1e-6)
    np.testing.assert_allclose(made[-1.0], -5.0, rtol=1e-6)


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


def test_blocks_give_back_what_they_gather():
    """A large tensor is a block of its own, small ones share one; a scalar is a small one."""
    rng = np.random.default_rng(0)
    nested = {
        name: tf.constant(rng.normal(size=shape)) for name, shape in {**SHAPES, "large": (60, 22), "a": ()}.items()
    }
    blocks = Blocks(nested)
    vectors = blocks.gather(nested)
    assert [vector.shape[0] for vector in vectors] == [16, 60 * 22]
    back = blocks.scatter(vectors, nested)
    assert all(np.array_equal(back[name], nested[name]) for name in nested)


def test_a_number_of_a_tensor_meets_its_parameters():
    nested = {name: tf.zeros(shape, tf.float64) for name, shape in {**SHAPES, "large": (60, 22)}.items()}
    blocks = Blocks(nested)  # leaves in order of names: bias, large, matrix
    spread = [blocks.spread(tf.constant([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]), i) for i in range(2)]
    np.testing.assert_array_equal(spread[0][1], [10.0] * 3 + [30.0] * 12)
    assert [float(number) for number in spread[1]] == [2.0, 20.0]


def test_means_are_of_all_of_a_small_tensor_and_of_a_sample_of_a_large_one():
    """Of columns that hold 0 … 63 the sample has the mean to 1 %: it does not keep to some columns."""
    nested = {"large": np.tile(np.arange(64.0), (256, 1)), "small": np.array([1.0, 2.0, 6.0])}
    nested = {name: tf.constant(value) for name, value in nested.items()}
    blocks = Blocks(nested)
    looked = [blocks.look(vector, i) for i, vector in enumerate(blocks.gather(nested))]
    assert looked[0].shape[0] == 3
    assert 0.9 * SAMPLE < looked[1].shape[0] <= SAMPLE
    means = blocks.means([vector[None] for vector in looked]).numpy()
    np.testing.assert_allclose(means, [[31.5, 3.0]], rtol=0.01)


def test_a_large_tensor_moves_by_its_own_gradient():
    """What is not looked at moves as well, and by what is looked at alone its neighbours' length of step is told."""
    theta, params = theta_of(), {"large": tf.constant(np.random.default_rng(0).normal(size=(60, 22)))}
    optimizer, every = learned.get("stride[units=4,hidden=3]").build(theta), Blocks(params).every(0)
    g = np.random.default_rng(1).normal(size=1320)
    twice = np.where(np.arange(1320) % every == 1, 2 * g, g)
    moves = []
    for gradient in (g, twice):
        shaped = {"large": tf.constant(gradient.reshape(60, 22))}
        update, _ = optimizer.update(shaped, optimizer.init(params), params, tf.constant(0))
        moves.append(update["large"].numpy().ravel())
    same = np.arange(1320) % every != 1
    np.testing.assert_array_equal(moves[1][same], moves[0][same])
    assert np.all(moves[1][~same] != moves[0][~same])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stride[units=0]", "units must be a whole number"),
        ("stride[pace=0.0]", "pace must be a positive number, not 0.0"),
        ("stride[up=-1.0]", "up must be a positive number, not -1.0"),
        ("stride[start=0.0]", "start must be a positive number, not 0.0"),
    ],
)
def test_mistaken_settings(text, said):
    with pytest.raises(ValueError, match=said):
        learned.get(text)


def test_growth_is_bounded_by_the_pace_unless_told_otherwise():
    theta = learned.get("stride").initial(0)
    theta["longer_bias"] = np.array([5.0], "float32")  # a step as much longer as may be
    params, gradient = tf.constant([1.0, -2.0]), tf.constant([0.5, 0.25])
    grown = []
    for settings in ("pace=1.0", "pace=1.0,up=1.0", "pace=1.0,up=0.5"):
        optimizer = learned.get(f"stride[{settings}]").build(theta)
        before = optimizer.init(params)
        grown.append(optimizer.update(gradient, before, params, tf.constant(0))[1][0] - before[0])
    np.testing.assert_allclose(grown[0], grown[1])
    np.testing.assert_allclose([grown[0], grown[2]], [[1.0], [0.5]], atol=1e-3)
