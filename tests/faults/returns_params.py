"""Returns the new parameters instead of what is to be added."""

from optimizers import Entry, Optimizer, register
from tasks import tf


def build(theta):
    def update(gradients, state, params, step):
        return tf.nest.map_structure(lambda p, g: p - theta["learning_rate"] * g, params, gradients), state

    return Optimizer(lambda params: (), update)


register(Entry("faulty", "hand-designed", build, {}, {"learning_rate": 0.1}))
