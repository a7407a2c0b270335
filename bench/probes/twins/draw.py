"""θ and system of an untrained twin.

A twin has the architecture of a network, string and all, and the weights that `initial(seed)` draws. What `initial`
does not draw but sets to a constant (readout, biases, initial state) would make it a network that does nothing, and
rests from the start; there it is given normal deviates of the size by which training moved the network. Whatever such
arrays do to a network of random weights, the twins have it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from bench.probes.dynamics.system import System

FIRST = 1_000_000
"""Seed of the first twin: none that a network was trained from."""


def untrained(architecture: Any, theta: Mapping[str, Any], number: int) -> dict[str, np.ndarray]:
    """θ, float32, of twin `number` of the network `theta`."""
    seed = FIRST + number
    drawn, other = architecture.initial(seed), architecture.initial(seed + 1)
    generator = np.random.default_rng([seed, len(drawn)])
    for name, value in drawn.items():
        if np.array_equal(value, other[name]):
            moved = np.asarray(theta[name], float) - value
            noise = generator.standard_normal(np.shape(value)) * np.sqrt(np.mean(moved**2))
            drawn[name] = np.asarray(value + noise, "float32")
    return drawn


def aligned(twin: System, system: System, gradients: np.ndarray) -> System:
    """The twin with updates of the root mean square that `system`'s have on runs of gradients (R, T), and downhill.

    Half of all random readouts climb: their momentum, say, would be absent for that alone. As it is where it does not
    move.
    """
    moves, wanted = (_updates(each, gradients) for each in (twin, system))
    size = float(np.sqrt(np.mean(wanted**2) / np.mean(moves**2))) if np.any(moves) else 1.0
    factor = size if np.sum(moves * gradients.T) <= 0 else -size
    return _scaled(twin, factor) if np.isfinite(factor) and factor else twin


def _updates(system: System, gradients: np.ndarray) -> np.ndarray:
    return system.rollout(np.tile(system.h0, (len(gradients), 1)), gradients.T)[1]


def _scaled(system: System, factor: float) -> System:
    def times(function):
        def scaled(*given):
            after, dx = function(*given)
            return after, factor * dx

        return scaled

    path = times(system.path) if system.path else None
    return replace(system, function=times(system.function), path=path)
