"""A state that remembers one gradient more at every step."""

from optimizers import Entry, Optimizer, register
from tasks import tf


def build(theta):
    def update(gradients, state, params, step):
        updates = tf.nest.map_structure(lambda g: -theta["learning_rate"] * g, gradients)
        return updates, (*state, tf.zeros([]))

    return Optimizer(lambda params: (), update)


register(Entry("faulty", "hand-designed", build, {}, {"learning_rate": 0.1}))
