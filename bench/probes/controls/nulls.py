"""How often each probe claims what is not there.

Nulls are optimizers without a probe's mechanism, drawn at random: gradient descent, linear maps, and untrained
networks; for some probes rules that have another mechanism. All are NumPy systems. An untrained network with a random
readout does remember, and saturates, so for momentum the networks have no state or no readout yet, and for clipping
they meet gradients inside their range.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from bench.probes.catalog import PROBES
from bench.probes.controls.check import visited
from bench.probes.controls.networks import untrained_gru, untrained_perceptron
from bench.probes.dynamics.subject import Subject
from bench.probes.dynamics.system import System
from bench.probes.reading import PRESENT, Reading

Maker = Callable[[np.random.Generator], System]
SEED = 100


def _memoryless(curve) -> System:
    return System(lambda h, g, t: (h, curve(g, t)), np.zeros(0))


def descent(rng: np.random.Generator) -> System:
    """SGD, rate log-uniform over four decades."""
    rate = 10 ** rng.uniform(-4, 0)
    return _memoryless(lambda g, t: -rate * g)


def linear_map(rng: np.random.Generator, radius: tuple[float, float] = (0.1, 0.97)) -> System:
    """h' = A h + b g, dx = c·h + d g: memory, and nothing else."""
    n = int(rng.integers(1, 7))
    A = rng.standard_normal((n, n))
    A *= rng.uniform(*radius) / np.max(np.abs(np.linalg.eigvals(A)))
    b, c, d = rng.standard_normal(n), 0.1 * rng.standard_normal(n), -rng.uniform(0.01, 1)
    return System(lambda h, g, t: (h @ A.T + g[:, None] * b, h @ c + d * g), np.zeros(n))


def deaf_map(rng: np.random.Generator) -> System:
    """A linear map whose state the gradient does not reach, or the update does not see."""
    n = int(rng.integers(1, 7))
    A = rng.standard_normal((n, n))
    A *= rng.uniform(0.1, 0.97) / np.max(np.abs(np.linalg.eigvals(A)))
    b, c, d = rng.standard_normal(n), rng.standard_normal(n), -rng.uniform(0.01, 1)
    b, c = (b, 0 * c) if rng.random() < 0.5 else (0 * b, c)
    return System(lambda h, g, t: (h @ A.T + g[:, None] * b, h @ c + d * g), np.zeros(n))


def unstable_map(rng: np.random.Generator) -> System:
    """A linear map that does not come to rest."""
    return linear_map(rng, radius=(1.02, 1.5))


def counting(rng: np.random.Generator) -> System:
    """A state that only counts: no fixed point."""
    rate, pace = rng.uniform(0.01, 0.5), rng.uniform(0.1, 2)
    return System(lambda h, g, t: (h + pace, -rate / (1 + h[:, 0]) * g), np.zeros(1))


def clipped(rng: np.random.Generator) -> System:
    """A tanh clip of the gradient: it saturates, it does not adapt, remember or change in time."""
    knee, rate = 10 ** rng.uniform(-1, 0.7), rng.uniform(0.01, 0.5)
    return _memoryless(lambda g, t: -rate * knee * np.tanh(g / knee))


def saturating_memory(rng: np.random.Generator) -> System:
    """v' = c tanh((β v − α g) / c): its rate falls while it is pushed, and it does not adapt."""
    rate, beta, limit = rng.uniform(0.01, 0.2), rng.uniform(0.3, 0.95), rng.uniform(0.1, 1)

    def function(h, g, t):
        v = limit * np.tanh((beta * h[:, 0] - rate * g) / limit)
        return v[:, None], v

    return System(function, np.zeros(1))


def adaptive(rng: np.random.Generator) -> System:
    """RMSProp: its knee follows the gradients' scale."""
    rate, rho = rng.uniform(0.01, 0.3), rng.uniform(0.8, 0.99)

    def function(h, g, t):
        v = rho * h[:, 0] + (1 - rho) * g * g
        return v[:, None], -rate * g / (np.sqrt(v) + 1e-8)

    return System(function, np.zeros(1))


def decaying(rng: np.random.Generator) -> System:
    """A scheduled rate and nothing else."""
    rate, time = rng.uniform(0.01, 0.5), rng.uniform(5, 100)
    return _memoryless(lambda g, t: -rate * (0.1 + np.exp(-t / time)) * g)


def _network(rng: np.random.Generator, **settings) -> System:
    units, seed = int(rng.choice([4, 8, 16, 24])), int(rng.integers(1 << 31))
    shape: dict[str, Any] = {"input": str(rng.choice(["raw", "asinh"])), "output_scale": 1.0}
    return untrained_gru(seed, units, **shape, **settings)


def network(rng: np.random.Generator) -> System:
    """An untrained GRU with a random readout."""
    return _network(rng)


def descending_network(rng: np.random.Generator) -> System:
    """An untrained GRU whose rate at rest is positive: of those that climb the readout is turned around."""
    system = _network(rng)
    h = system.relax(system.h0[None], 0.0, 0)
    up, down = (system.step(h, g, 0)[1][0] for g in (1e-6, -1e-6))
    sign = 1.0 if up < down else -1.0

    def function(h, g, t):
        after, dx = system.function(h, g, t)
        return after, sign * dx

    return replace(system, function=function)


def silent_network(rng: np.random.Generator) -> System:
    """An untrained GRU as meta-training starts from it: its readout is zero."""
    return _network(rng, readout=0.0)


def narrow_network(rng: np.random.Generator) -> System:
    """An untrained GRU far inside its range: gradients a thousandth of what saturates it."""
    return _network(rng, input_scale=1e-3)


def stateless_network(rng: np.random.Generator) -> System:
    """An untrained perceptron of the gradient."""
    units, seed = int(rng.choice([4, 8, 16, 24])), int(rng.integers(1 << 31))
    return untrained_perceptron(seed, units, 10 ** rng.uniform(-2, 0))


NULLS: dict[str, tuple[Maker, ...]] = {
    "fixed_points": (unstable_map, counting),
    "momentum": (descent, deaf_map, stateless_network, silent_network, clipped, decaying),
    "clipping": (descent, linear_map, narrow_network, silent_network, adaptive, decaying),
    "schedule": (descent, linear_map, network, silent_network, clipped, saturating_memory),
    "adaptation": (descent, linear_map, descending_network, descending_network, clipped, saturating_memory),
}


def draw(name: str, count: int, seed: int = SEED) -> list[tuple[str, System]]:
    """`count` nulls of a probe, (kind, system), its kinds in turn; more only adds to the same."""
    made = []
    for i in range(count):
        maker = NULLS[name][i % len(NULLS[name])]
        made.append((maker.__name__, maker(np.random.default_rng([seed, i]))))
    return made


@np.errstate(all="ignore")
def claims(name: str, count: int, seed: int = SEED) -> list[tuple[str, int, Reading]]:
    """(kind, number, reading) of the nulls in which a probe claims its mechanism."""
    found = []
    for i, (kind, system) in enumerate(draw(name, count, seed)):
        reading = PROBES[name](Subject.of(system, visited()))
        if reading.verdict == PRESENT:
            found.append((kind, i, reading))
    return found
