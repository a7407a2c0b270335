"""Updates in float64."""

from optimizers import Entry, Optimizer, register
from tasks import tf


def build(theta):
    def update(gradients, state, params, step):
        return tf.nest.map_structure(lambda g: -0.1 * tf.cast(g, tf.float64), gradients), state

    return Optimizer(lambda params: (), update)


register(Entry("faulty", "hand-designed", build, {}, {"learning_rate": 0.1}))
