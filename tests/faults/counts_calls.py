"""A step size that depends on how often Python ran the update."""

from optimizers import Entry, Optimizer, register
from tasks import tf

calls = {"n": 0}


def build(theta):
    def update(gradients, state, params, step):
        calls["n"] += 1
        rate = theta["learning_rate"] / calls["n"]
        return tf.nest.map_structure(lambda g: -rate * g, gradients), state

    return Optimizer(lambda params: (), update)


register(Entry("faulty", "hand-designed", build, {}, {"learning_rate": 0.1}))
