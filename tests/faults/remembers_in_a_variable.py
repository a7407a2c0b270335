"""A variable that all runs share."""

from optimizers import Entry, Optimizer, register
from tasks import tf

memory = []


def build(theta):
    def update(gradients, state, params, step):
        if not memory:
            with tf.init_scope():
                memory.append(tf.Variable(1.0))
        memory[0].assign(0.9 * memory[0] + tf.reduce_sum(tf.abs(gradients["bias"])))
        return tf.nest.map_structure(lambda g: -theta["learning_rate"] * g / memory[0], gradients), state

    return Optimizer(lambda params: (), update)


register(Entry("faulty", "hand-designed", build, {}, {"learning_rate": 0.1}))
