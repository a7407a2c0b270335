"""Optimizers with odd constants, as a user's file would register them; asked by tests/test_probes_planted.py."""

import tensorflow as tf

import optimizers
from optimizers import Entry, Optimizer


def _moment(x):
    return tf.nest.map_structure(tf.zeros_like, x)


def _ball(theta):
    def update(gradients, state, params, step):
        state = tf.nest.map_structure(lambda v, g: 0.77 * v - 0.013 * g, state, gradients)
        return state, state

    return Optimizer(_moment, update)


def _clipped(theta):
    def update(gradients, state, params, step):
        return tf.nest.map_structure(lambda g: -0.004 * tf.clip_by_value(g, -2.7, 2.7), gradients), state

    return Optimizer(lambda params: (), update)


def _root_mean_square(theta):
    def update(gradients, state, params, step):
        state = tf.nest.map_structure(lambda v, g: 0.83 * v + 0.17 * g * g, state, gradients)
        moves = tf.nest.map_structure(lambda v, g: -0.006 * g / (tf.sqrt(v) + 1e-9), state, gradients)
        return moves, state

    return Optimizer(_moment, update)


def _halved(theta):
    def update(gradients, state, params, step):
        rate = tf.where(step < 60, 0.002, 0.001)
        return tf.nest.map_structure(lambda g: -tf.cast(rate, g.dtype) * g, gradients), state

    return Optimizer(lambda params: (), update)


def _late(theta):
    """The gradient of three steps before."""

    def init(params):
        return tuple(_moment(params) for _ in range(3))

    def update(gradients, state, params, step):
        return tf.nest.map_structure(lambda g: -0.0137 * g, state[0]), (*state[1:], gradients)

    return Optimizer(init, update)


for name, build in (
    ("ball", _ball),
    ("clipped", _clipped),
    ("scaled", _root_mean_square),
    ("halved", _halved),
    ("late", _late),
):
    optimizers.register(Entry(f"outside-{name}", "hand-designed", build))
