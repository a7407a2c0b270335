"""What ablations hold on to: the drift path, the resting state and the Jacobians there, once, in float64."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench.probes.dynamics import fixed_points
from bench.probes.dynamics.component import system_of
from bench.probes.dynamics.live import last_step, left
from bench.probes.dynamics.system import System
from optimizers import Optimizer


class Reference(NamedTuple):
    """Row t ≤ horizon is the drift path at step t; the last row, horizon + 1, is rest, at step count `settled`.

    after and updates are F and dx at `states` without gradient; J, B, C, D as in bench.probes.
    """

    states: np.ndarray  # (horizon + 2, n)
    after: np.ndarray  # (horizon + 2, n)
    updates: np.ndarray  # (horizon + 2,)
    J: np.ndarray  # (horizon + 2, n, n)
    B: np.ndarray  # (horizon + 2, n)
    C: np.ndarray  # (horizon + 2, n)
    D: np.ndarray  # (horizon + 2,)
    stability: str
    """Of the resting state; "none" where the state keeps moving: rest is then where the path ends, relaxed."""
    settled: int
    """The last step count at which it still moves (bench.probes.dynamics.live)."""
    left: float
    """Share of its largest answer that it still gives at rest."""


def of(optimizer: Optimizer, horizon: int) -> Reference:
    """Raises ProbeError when `optimizer` is no system of single parameters."""
    system = system_of(optimizer)
    path = system.rollout(system.h0[None], np.zeros((horizon, 1)))[0][:, 0]
    system = system.scaled(path, 1.0)
    settled = last_step(system, 1.0, horizon)
    rest, stability = _rest(system, path, settled)
    states = np.concatenate([path, rest[None]])
    counts = [*range(horizon + 1), settled]
    slopes = [system.jacobian(h, 0.0, t) for h, t in zip(states, counts, strict=True)]
    moved = [system.step(h[None], 0.0, t) for h, t in zip(states, counts, strict=True)]
    after = np.array([after[0] for after, _ in moved])
    updates = np.array([dx[0] for _, dx in moved])
    J, B, C, D = (np.array(part) for part in zip(*slopes, strict=True))
    return Reference(states, after, updates, J, B, C, D, stability, settled, left(system, rest, 1.0, settled, horizon))


def _rest(system: System, path: np.ndarray, settled: int) -> tuple[np.ndarray, str]:
    """The fixed point nearest to where the relaxed initial state ends, or that end where there is none."""
    ends = system.relax(np.stack([path[0], path[-1]]), 0.0, settled)
    if not np.isfinite(ends).all():
        return path[-1], "none"
    found = fixed_points.find(system, ends, 0.0, settled)
    return (found[0].state, found[0].stability) if found else (ends[0], "none")
