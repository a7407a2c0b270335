"""Turns the step into a Python number, which a compiled program cannot."""

from optimizers import Entry, Optimizer, register
from tasks import tf


def build(theta):
    def update(gradients, state, params, step):
        rate = theta["learning_rate"] / (1 + int(step))
        return tf.nest.map_structure(lambda g: -rate * g, gradients), state

    return Optimizer(lambda params: (), update)


register(Entry("faulty", "hand-designed", build, {}, {"learning_rate": 0.1}))
