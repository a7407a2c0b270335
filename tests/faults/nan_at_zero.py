"""Divides by the gradient's norm, which can be zero."""

from optimizers import Entry, Optimizer, register
from tasks import tf


def build(theta):
    def update(gradients, state, params, step):
        return tf.nest.map_structure(lambda g: -theta["learning_rate"] * g / tf.norm(g), gradients), state

    return Optimizer(lambda params: (), update)


register(Entry("faulty", "hand-designed", build, {}, {"learning_rate": 0.1}))
