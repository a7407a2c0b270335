"""The meta-gradient against whole-loop autodiff and finite differences, and what damping does."""

import time
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

import tasks
from bench.engine.keys import keys
from bench.engine.sampling import sample
from bench.engine.unroll import advance, begin
from bench.metatraining.componentwise import check_separable
from bench.metatraining.goal import Goal
from bench.metatraining.metagradient import _damp, compile_metagradient
from bench.metatraining.metalosses import meta_loss
from optimizers import Optimizer, learned
from optimizers.learned.rnn import Gru
from tasks import Task

STEPS = 5


def problems(name, number=5):
    return sample(tasks.get(name), keys(name, "metatrain", range(number)))


def tensors(theta):
    return {name: tf.constant(value, tf.float32) for name, value in theta.items()}


def whole_loop(task, build, theta, params, data, steps=STEPS):
    """Meta-loss and its gradient, one problem after another, by one tape around the whole unroll; not traced."""
    with tf.GradientTape() as tape:
        tape.watch(theta)
        curves = []
        for i in range(tf.nest.flatten(params)[0].shape[0]):
            x, its_data = tf.nest.map_structure(lambda leaf, i=i: leaf[i], (params, data))
            optimizer = build(theta)
            run, losses = begin(task, optimizer, x, its_data), []
            for t in range(steps + 1):
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


class Normed:
    """Momentum, every tensor divided by its own decayed scale, rates shared by a norm over all: coupled twice."""

    def initial(self, seed):
        return {"log_rate": np.float32(-3.0), "mix": np.float32([0.5, 0.2])}

    def build(self, theta):
        def init(params):
            zeros = tf.nest.map_structure(tf.zeros_like, params)
            return zeros, tf.nest.map_structure(lambda p: 1.0 + 0.0 * tf.reduce_sum(p), params)

        def update(gradients, state, params, step):
            velocity, scale = state
            velocity = tf.nest.map_structure(lambda v, g: theta["mix"][0] * v + g, velocity, gradients)
            scale = tf.nest.map_structure(
                lambda s, g: 0.9 * s + theta["mix"][1] * tf.reduce_mean(tf.square(g)), scale, gradients
            )
            norm = tf.sqrt(sum(tf.reduce_sum(tf.square(g)) for g in tf.nest.flatten(gradients)))
            rate = tf.exp(theta["log_rate"]) / (1.0 + norm)
            moves = tf.nest.map_structure(lambda v, s: -rate * v * tf.math.rsqrt(s), velocity, scale)
            return moves, (velocity, scale)

        return Optimizer(init, update)


def error(found, expected):
    """‖found − expected‖ / ‖expected‖ over all of θ."""
    wrong = sum(np.sum(np.square(found[k] - expected[k])) for k in expected)
    return np.sqrt(wrong / sum(np.sum(np.square(value)) for value in expected.values()))


def jittered(architecture, deviation=0.1):
    rng = np.random.default_rng(0)
    theta = architecture.initial(0)
    return tensors({k: v + deviation * rng.normal(size=np.shape(v)) for k, v in theta.items()})


def plain(task, architecture, steps=STEPS, separable=True):
    """The program without clip and discount."""
    return compile_metagradient(Goal(task, architecture, steps, "mixed"), separable=separable)


@pytest.mark.parametrize(
    "name", ["linear-regression", "rosenbrock", pytest.param("two-moons-small", marks=pytest.mark.slow)]
)
def test_equals_whole_loop_autodiff(name):
    gru, (params, data) = Gru(units=4, output_scale=0.01), problems(name, 2)
    theta, task = jittered(gru), tasks.get(name)
    value, expected = whole_loop(task, gru.build, theta, params, data)
    estimate = plain(task, gru)(theta, params, data, None)
    np.testing.assert_allclose(estimate.loss, value, rtol=1e-5)
    assert error(estimate.gradients, expected) < 1e-5
    if name == "rosenbrock":
        mapped = plain(task, gru, separable=False)(theta, params, data, None)
        assert error(mapped.gradients, expected) < 1e-5


def test_a_coupled_optimizer_equals_whole_loop_autodiff():
    """On nested params, with a state of one number a tensor; a call with other values compiles nothing."""
    task, normed = tasks.get("two-moons-small[hidden=(3,),points=8]"), Normed()
    program, seconds = plain(task, normed, separable=check_separable(normed)), []
    for i in range(3):
        params, data = sample(task, keys("two-moons-small", "metatrain", range(2 * i, 2 * i + 2)))
        theta = {k: v + 0.05 * i for k, v in jittered(normed).items()}
        start = time.perf_counter()
        estimate = program(theta, params, data, None)
        estimate.loss.numpy()
        seconds.append(time.perf_counter() - start)
    value, expected = whole_loop(task, normed.build, theta, params, data)
    np.testing.assert_allclose(estimate.loss, value, rtol=1e-5)
    assert error(estimate.gradients, expected) < 1e-5
    assert max(seconds[1:]) < seconds[0] / 5


LIKE_OTHERS = ("lstm", "vanilla", "ugrnn", "l2l", "lds", "aggmo", "rnnprop", "mlp", "stride", "hyperparameters")
"""Left to the slow tests: coupled as `Normed` is, recurrent as `gru`, linear as `linear`, or a rule as `borrowed`."""


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * (n in LIKE_OTHERS)) for n in learned.ARCHITECTURES]
)
def test_every_architecture_equals_whole_loop_autodiff(name):
    """Before clip and discount; the path that meta-training takes."""
    architecture, task = learned.get(name), tasks.get("linear-regression")
    theta, (params, data) = jittered(architecture, 0.02), problems("linear-regression", 2)
    value, expected = whole_loop(task, architecture.build, theta, params, data)
    program = plain(task, architecture, separable=check_separable(architecture))
    estimate = program(theta, params, data, None)
    np.testing.assert_allclose(estimate.loss, value, rtol=1e-5)
    assert error(estimate.gradients, expected) < 1e-5


@dataclass(frozen=True)
class Padded(Task):
    """Pads and joins what depends on the parameters: second gradients without a rule under XLA."""

    def sample(self, key):
        return tf.random.stateless_normal([3], key, alg="philox"), ()

    def loss(self, params, data, batch):
        wide = tf.concat([tf.pad(tf.tanh(params), [[1, 2]]), tf.square(params)], axis=0)
        return tf.reduce_sum(tf.square(wide * tf.range(9.0)))


def test_operations_without_a_rule_equal_whole_loop_autodiff():
    task, gru = Padded(), Gru(units=4, output_scale=0.01)
    params, data = sample(task, keys("padded", "metatrain", range(2)))
    theta = jittered(gru)
    value, expected = whole_loop(task, gru.build, theta, params, data)
    estimate = plain(task, gru)(theta, params, data, None)
    np.testing.assert_allclose(estimate.loss, value, rtol=1e-5)
    assert error(estimate.gradients, expected) < 1e-5


def test_equals_finite_differences():
    task, (params, data) = tasks.get("linear-regression"), problems("linear-regression", 4)
    program = compile_metagradient(Goal(task, SimpleNamespace(build=learned_momentum), STEPS, "mean"))
    theta = {"log_rate": -1.0, "logit": 0.5}
    gradients = program(tensors(theta), params, data, None).gradients
    for name in theta:
        ends = [
            float(program(tensors({**theta, name: theta[name] + h}), params, data, None).loss) for h in (0.01, -0.01)
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
    task = tasks.get("two-moons-small")
    gru = Gru(units=4)
    program = compile_metagradient(Goal(task, gru, 5, "mean", 0.9, 5.0))
    seconds = []
    for i in range(4):
        params, data = sample(task, keys("two-moons-small", "metatrain", range(4 * i, 4 * i + 4)))
        theta = tensors({k: v + 0.01 * i for k, v in gru.initial(i).items()})
        start = time.perf_counter()
        program(theta, params, data, None).loss.numpy()
        seconds.append(time.perf_counter() - start)
    assert max(seconds[1:]) < seconds[0] / 5
