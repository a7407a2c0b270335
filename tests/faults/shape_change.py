"""Updates of another shape than the parameters."""

from optimizers import Entry, Optimizer, register
from tasks import tf


def build(theta):
    def update(gradients, state, params, step):
        return tf.nest.map_structure(lambda g: -theta["learning_rate"] * tf.reshape(g, [-1]), gradients), state

    return Optimizer(lambda params: (), update)


register(Entry("faulty", "hand-designed", build, {}, {"learning_rate": 0.1}))
