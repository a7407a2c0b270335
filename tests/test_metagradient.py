"""The meta-gradient against whole-loop autodiff and finite differences, and what damping does."""

import numpy as np
import pytest
import tensorflow as tf

import tasks
from bench.keys import keys
from bench.metagradient import _damp, compile_metagradient, meta_loss
from bench.sampling import sample
from bench.unroll import advance, begin
from optimizers import Optimizer
from optimizers.learned.gru import Gru

STEPS = 5


def problems(name, number=5):
    return sample(tasks.get(name), keys(name, "metatrain", range(number)))


def tensors(theta):
    return {name: tf.constant(value, tf.float32) for name, value in theta.items()}


@tf.function(autograph=False)
def whole_loop(task, build, theta, params, data):
    """Meta-loss and its gradient, one problem after another, by one tape around the whole unroll."""
    with tf.GradientTape() as tape:
        tape.watch(theta)
        curves = []
        for i in range(tf.nest.flatten(params)[0].shape[0]):
            x, its_data = tf.nest.map_structure(lambda leaf, i=i: leaf[i], (params, data))
            optimizer = build(theta)
            run, losses = begin(task, optimizer, x), []
            for t in range(STEPS + 1):
                run, _, loss = advance(task, optimizer, run, its_data, None, t)
                losses.append(loss)
            curves.append(tf.stack(losses))
        value = meta_loss("mixed")(tf.stack(curves, axis=1))
    return value, tape.gradient(value, theta)


def learned_momentum(theta):
    """Two parameters: the logarithm of the rate and the logit of the decay."""

    def update(g, v, params, step):
        v = tf.sigmoid(theta["logit"]) * v - tf.exp(theta["log_rate"]) * g
        return v, v

    return Optimizer(tf.zeros_like, update)


@pytest.mark.parametrize("name", ["linear-regression", "rosenbrock", "two-moons-small"])
def test_equals_whole_loop_autodiff(name):
    gru = Gru(units=4, output_scale=0.01)
    rng = np.random.default_rng(0)
    theta = tensors({k: v + 0.1 * rng.normal(size=v.shape) for k, v in gru.initial(0).items()})
    params, data = problems(name, 2)
    value, expected = whole_loop(tasks.get(name), gru.build, theta, params, data)
    program = compile_metagradient(
        tasks.get(name), gru.build, steps=STEPS, loss="mixed", discount=1.0, clip=np.inf
    )
    estimate = program(theta, params, data, None)
    np.testing.assert_allclose(estimate.loss, value, rtol=1e-5)
    error = sum(np.sum(np.square(estimate.gradients[k] - expected[k])) for k in theta)
    size = sum(np.sum(np.square(expected[k])) for k in theta)
    assert np.sqrt(error / size) < 1e-5


def test_equals_finite_differences():
    task, (params, data) = tasks.get("linear-regression"), problems("linear-regression", 4)
    program = compile_metagradient(
        task, learned_momentum, steps=STEPS, loss="mean", discount=1.0, clip=np.inf
    )
    theta = {"log_rate": -1.0, "logit": 0.5}
    gradients = program(tensors(theta), params, data, None).gradients
    for name in theta:
        ends = [
            float(program(tensors({**theta, name: theta[name] + h}), params, data, None).loss)
            for h in (0.01, -0.01)
        ]
        np.testing.assert_allclose(gradients[name], (ends[0] - ends[1]) / 0.02, rtol=2e-3)


def test_damping_by_hand():
    """Norms 1, 2, 100 and NaN: the median of the four, sorted, is 100's place; rows above 0.1 × it shrink to it."""
    rows = tf.constant([[1.0, 0.0], [0.0, 2.0], [100.0, 0.0], [np.nan, 1.0]])
    (damped,) = _damp([rows], problems=4, clip=0.1, discount=0.5)
    np.testing.assert_allclose(damped, [[0.5, 0.0], [0.0, 1.0], [5.0, 0.0], [0.0, 0.0]], atol=1e-6)
    (few,) = _damp([rows[:2]], problems=2, clip=0.1, discount=0.5)
    np.testing.assert_allclose(few, rows[:2] / 2)


def test_one_program_serves_all_values():
    """A call with other numbers costs no compilation: gradients through vectorized_map did, every time."""
    import time

    task = tasks.get("two-moons-small")
    gru = Gru(units=4)
    program = compile_metagradient(task, gru.build, steps=5, loss="mean", discount=0.9, clip=5.0)
    seconds = []
    for i in range(4):
        params, data = sample(task, keys("two-moons-small", "metatrain", range(4 * i, 4 * i + 4)))
        theta = tensors({k: v + 0.01 * i for k, v in gru.initial(i).items()})
        start = time.perf_counter()
        program(theta, params, data, None).loss.numpy()
        seconds.append(time.perf_counter() - start)
    assert max(seconds[1:]) < seconds[0] / 5
