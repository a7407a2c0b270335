"""Build forgets to return."""

from optimizers import Entry, Optimizer, register


def build(theta):
    Optimizer(lambda params: (), lambda gradients, state, params, step: (gradients, state))


register(Entry("faulty", "hand-designed", build, {}, {"learning_rate": 0.1}))
