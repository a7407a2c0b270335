"""A decay computed in float64."""

from optimizers import Entry, Optimizer, register
from tasks import tf


def build(theta):
    def update(gradients, state, params, step):
        decay = tf.cast(tf.pow(tf.constant(0.99, tf.float64), tf.cast(step, tf.float64)), tf.float32)
        rate = theta["learning_rate"] * decay
        return tf.nest.map_structure(lambda g: -rate * g, gradients), state

    return Optimizer(lambda params: (), update)


register(Entry("faulty", "hand-designed", build, {}, {"learning_rate": 0.1}))
