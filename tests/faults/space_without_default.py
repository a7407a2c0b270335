"""Sweeps a name that θ does not have."""

from optimizers import Entry, LogUniform, Optimizer, register
from tasks import tf


def build(theta):
    def update(gradients, state, params, step):
        return tf.nest.map_structure(lambda g: -theta["learning_rate"] * g, gradients), state

    return Optimizer(lambda params: (), update)


register(Entry("faulty", "hand-designed", build, {"rate": LogUniform(1e-3, 1.0)}, {"learning_rate": 0.1}))
