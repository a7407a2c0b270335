"""Where an optimizer still moves: the last such step count, and whether it does at rest.

A finished schedule has no rate: momentum under a cosine answers nothing at its horizon, and would be read as none. The
step count can be chosen; a schedule that the state keeps has run out wherever the state has come to rest.
"""

from __future__ import annotations

import numpy as np

from bench.probes.dynamics.system import System
from bench.scores.numbers import percent

SHARE = 0.5
"""Of the largest update of the run."""
FAINT = 0.01
"""Share of the largest answer of a run below which nothing is claimed of what is done at rest."""


def last_step(system: System, gradient: float, horizon: int) -> int:
    """The last step ≤ `horizon` of a run under a constant gradient with at least half of the run's largest update.

    Mean of both signs. `horizon` where no update is finite and different from zero.
    """
    moves = np.abs(_updates(system, system.h0, gradient, horizon)).mean(axis=1)
    return int(np.flatnonzero(moves >= SHARE * moves.max())[-1]) if moves.any() else horizon


def left(system: System, rest: np.ndarray, gradient: float, settled: int, horizon: int) -> float:
    """The largest answer to a constant gradient from the state `rest`: (n,) at step count `settled`, over that from h0.

    An answer is half the difference of the updates under both signs. 1 where there is none from h0.
    """
    both = _updates(system, system.h0, gradient, horizon), _updates(system, rest, gradient, horizon, settled)
    first, later = (float(np.max(np.abs(up - down) / 2)) for up, down in (moves.T for moves in both))
    return later / first if first > 0 else 1.0


def faint(share: float) -> str:
    """Why nothing is claimed of what is done at rest, where so small a `share` of the largest answer is left; or ""."""
    if not share < FAINT:
        return ""
    return f"at rest it answers with at most {percent(share)} of its largest update: a schedule has ended"


def _updates(system: System, start: np.ndarray, gradient: float, horizon: int, frozen: int | None = None) -> np.ndarray:
    """(horizon + 1, 2): under the gradient and its opposite from `start`, 0 where not finite.

    The step count runs from 0, or stays at `frozen`.
    """
    held = np.tile([gradient, -gradient], (horizon + 1, 1))
    moves = system.rollout(np.tile(start, (2, 1)), held, frozen or 0, frozen is not None)[1]
    return np.where(np.isfinite(moves), moves, 0.0)
