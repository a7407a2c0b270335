"""Updates as a flat list, whatever the parameters' structure."""

from optimizers import Entry, Optimizer, register
from tasks import tf


def build(theta):
    def update(gradients, state, params, step):
        return [-theta["learning_rate"] * g for g in tf.nest.flatten(gradients)], state

    return Optimizer(lambda params: (), update)


register(Entry("faulty", "hand-designed", build, {}, {"learning_rate": 0.1}))
