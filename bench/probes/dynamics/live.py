"""The last step count at which an optimizer still moves: where questions about what it does are asked.

A finished schedule has no rate: momentum under a cosine answers nothing at its horizon, and would be read as none.
"""

from __future__ import annotations

import numpy as np

from bench.probes.dynamics.system import System

SHARE = 0.5
"""Of the largest update of the run."""


def last_step(system: System, gradient: float, horizon: int) -> int:
    """The last step ≤ `horizon` of a run under a constant gradient with at least half of the run's largest update.

    Mean of both signs. `horizon` where no update is finite and different from zero.
    """
    held = np.tile([gradient, -gradient], (horizon + 1, 1))
    moves = np.abs(system.rollout(np.tile(system.h0, (2, 1)), held)[1]).mean(axis=1)
    moves = np.where(np.isfinite(moves), moves, 0.0)
    return int(np.flatnonzero(moves >= SHARE * moves.max())[-1]) if moves.any() else horizon
