"""The gradients at which the paper shows its numbers, read off its figures."""

from __future__ import annotations

import numpy as np

from bench.studies.paper.plan import LINEAR, MOONS, ROSENBROCK, SMALL

DECADES, PER_SIGN = 5, 16

CONSTANT: dict[str, tuple[float, float, int]] = {
    LINEAR: (0.1, 10.0, 8),
    ROSENBROCK: (1e-3, 1e3, 13),
    MOONS: (1e-4, 1e-1, 13),
    SMALL: (1e-4, 1e-1, 13),
}
"""Smallest, largest and number of the constant gradients of one sign, evenly spaced in the logarithm (its section 5.4,
7.4 in our notes)."""
UPDATE = {LINEAR: 5.0, ROSENBROCK: 1000.0, MOONS: 0.05, SMALL: 0.05}
"""Largest gradient of the update curves (7.2)."""


def constant(task: str, largest: float) -> np.ndarray:
    """Constant gradients of one sign, ascending; of other tasks five decades up to the largest met."""
    least, most, count = CONSTANT.get(task, (largest * 10.0**-DECADES, largest, PER_SIGN))
    return np.geomspace(least, most, count)


def update_range(task: str, largest: float) -> float:
    """Largest gradient of an update curve: the paper's, of other tasks the largest met."""
    return UPDATE.get(task, largest)
