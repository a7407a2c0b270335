"""The gradients that an optimizer met as the runs they came from, and what it did along them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Subject

EARLY = 20
"""Steps of a run that count as early."""
FOLLOWED = 32
"""Runs that are followed step by step."""


def runs(subject: Subject) -> np.ndarray:
    """Visited gradients (R, T), one run a row; a rest shorter than a run is left out.

    A single shorter run where fewer than `horizon` gradients were met.
    """
    length = min(subject.horizon, len(subject.gradients))
    count = len(subject.gradients) // length
    return subject.gradients[: count * length].reshape(count, length)


def followed(subject: Subject) -> np.ndarray:
    """At most FOLLOWED runs (R, T), evenly spaced among all."""
    every = runs(subject)
    kept = np.linspace(0, len(every) - 1, min(FOLLOWED, len(every))).round().astype(int)
    return every[kept]


def states_along(subject: Subject, gradients: np.ndarray) -> np.ndarray:
    """States (T, R, n) before each step of runs of gradients (R, T), from h0, step count running."""
    start = np.tile(subject.system.h0, (len(gradients), 1))
    return subject.system.rollout(start, gradients.T)[0][:-1]
