"""Constants drawn at random, and how tests of the probes read and compare."""

import numpy as np
import pytest

from bench.probes.catalog import PROBES
from bench.probes.controls.catalog import visited
from bench.probes.dynamics.component import system_of
from bench.probes.dynamics.subject import Subject
from bench.probes.dynamics.system import System

RNG = np.random.default_rng(2021)
RATE, BETA = RNG.uniform(0.01, 0.5), RNG.uniform(0.5, 0.95)
THRESHOLD, FACTOR = RNG.uniform(0.5, 2.5), RNG.uniform(0.2, 0.7)
EVERY, WARM = int(RNG.integers(20, 80)), int(RNG.integers(5, 60))
RHO, SCALE = RNG.uniform(0.8, 0.97), 10 ** RNG.uniform(-2, 2)
TIME, EPSILON = RNG.uniform(5, 60), 10 ** RNG.uniform(-2, -0.5)


def probe(name, optimizer, material=None):
    """A probe's reading of an optimizer, or of a system that needs no compiling."""
    system = optimizer if isinstance(optimizer, System) else system_of(optimizer)
    return PROBES[name](Subject.of(system, material or visited()))


def value(reading, name):
    return reading.values[name]["value"]


def close(number):
    return pytest.approx(number, rel=1e-3)


def memoryless(curve):
    """dx = curve(g, t) of NumPy arrays."""
    return System(lambda h, g, t: (h, curve(g, t)), np.zeros(0))


def one_state(rule, start=0.0):
    """`rule(h, g, t) -> (h', dx)` of NumPy arrays."""

    def function(h, g, t):
        after, dx = rule(h[:, 0], g, t)
        return after[:, None], dx

    return System(function, np.array([start]))
