"""Optimizers that go wrong in as many ways as came to mind, and two that only look it."""

import random
import sys
import time

from optimizers import Entry, Optimizer, register
from tasks import tf

COUNT = []


def each(move):
    """An update that adds move(gradient, step) and keeps its state."""
    return lambda gradients, state, params, step: (tf.nest.map_structure(lambda g: move(g, step), gradients), state)


def bye(g, step):
    sys.exit("optimizer says bye")


def divides(g, step):
    return g * (1 / 0)


def counts(g, step):
    COUNT.append(1)
    return -0.01 * g / len(COUNT)


def notes(g, step):
    """Counts as well, and no number depends on it."""
    COUNT.append(1)
    return -0.01 * g


MOVES = {
    "exits": bye,
    "divides": divides,
    "double": lambda g, step: tf.cast(-0.01 * g, tf.float64),
    "whole": lambda g, step: tf.cast(-0.01 * g, tf.int32),
    "seven": lambda g, step: tf.zeros([7]),
    "infinite": lambda g, step: tf.where(step == 2, g * float("inf"), -0.01 * g),
    "not-a-number": lambda g, step: tf.where(step == 2, g * float("nan"), -0.01 * g),
    "draws": lambda g, step: -0.01 * g * tf.random.uniform([]),
    "draws-in-python": lambda g, step: -0.01 * g * random.random(),
    "asks-the-clock": lambda g, step: -0.01 * g * (time.time() % 1.0),
    "counts": counts,
    "notes": notes,
    "draws-by-step": lambda g, step: -0.01 * g * tf.random.stateless_uniform([], tf.stack([0, step]), alg="philox"),
}
UPDATES = {
    **{name: each(move) for name, move in MOVES.items()},
    "nothing": lambda gradients, state, params, step: None,
    "alone": lambda gradients, state, params, step: gradients,
    "grows": lambda gradients, state, params, step: (gradients, (state, state)),
}


def entry(name, update):
    return Entry(f"bad-{name}", "hand-designed", lambda theta: Optimizer(lambda params: (), update), {}, {"rate": 0.1})


for name, update in UPDATES.items():
    register(entry(name, update))
