"""The rules that networks were distilled from, with constants that the controls must find again.

Each teacher maps gradients (T, B) to updates (T, B), from rest, in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

RATE, BETA = 0.05, 0.9
"""Heavy ball's, alone and under clip and schedule."""
THRESHOLD = 1.5
EXTRA, TIME = 4.0, 15.0
"""The schedule is RATE (1 + EXTRA e^(−t / TIME))."""
ADAPTIVE_RATE, RHO, EPSILON = 0.1, 0.9, 0.05
"""RMSProp's."""


@dataclass(frozen=True)
class Teacher:
    """`updates(gradients)`; how the student sees gradients and how large its updates are."""

    updates: Callable[[np.ndarray], np.ndarray]
    rule: str
    input: str
    input_scale: float
    output_scale: float
    largest: float
    decades: float
    """Gradients are taught at scales from `largest` down over so many decades."""
    iterations: int


def schedule(t: np.ndarray) -> np.ndarray:
    """Rate over RATE at step t."""
    return 1 + EXTRA * np.exp(-t / TIME)


def momentum(gradients: np.ndarray) -> np.ndarray:
    """v' = β v − α g, dx = v' (Polyak, 1964)."""
    return _filtered(-RATE * gradients)


def clipped(gradients: np.ndarray) -> np.ndarray:
    """v' = β v − α s(t) c tanh(g / c), dx = v'."""
    rates = RATE * schedule(np.arange(len(gradients)))[:, None]
    return _filtered(-rates * THRESHOLD * np.tanh(gradients / THRESHOLD))


def _filtered(drive: np.ndarray) -> np.ndarray:
    velocity, rows = np.zeros(drive.shape[1]), []
    for row in drive:
        velocity = BETA * velocity + row
        rows.append(velocity)
    return np.array(rows)


def rmsprop(gradients: np.ndarray) -> np.ndarray:
    """v' = ρ v + (1 − ρ) g², dx = −α g / (√v' + ε) (Hinton, 2012)."""
    total, rows = np.zeros(gradients.shape[1]), []
    for g in gradients:
        total = RHO * total + (1 - RHO) * g * g
        rows.append(-ADAPTIVE_RATE * g / (np.sqrt(total) + EPSILON))
    return np.array(rows)


TEACHERS = {
    "momentum": Teacher(momentum, "heavy ball", "raw", 0.3, 1.0, 3.0, 1.5, 3000),
    "momentum-clip-schedule": Teacher(
        clipped, "heavy ball, tanh clip and decaying rate", "asinh", 0.67, 1.0, 30.0, 2.7, 6000
    ),
    "rmsprop": Teacher(rmsprop, "RMSProp", "asinh", 10.0, 0.3, 6.0, 3.2, 7000),
}
