"""Fixed points: where does it come to rest, without gradients and under constant ones?"""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.probes.dynamics.fixed_points import FixedPoint, modes_at
from bench.probes.dynamics.subject import Subject
from bench.probes.reading import ABSENT, PRESENT, UNDECIDED, Reading, exact
from bench.scores.numbers import significant

MANY = 8
"""Marginal fixed points at g = 0 from which they are called a continuum."""


def probe(subject: Subject) -> Reading:
    """Does the optimizer come to rest without gradients, and where does a constant gradient hold it?

    present: a stable fixed point at g = 0; undecided: only marginal ones; absent: none, or unstable ones only. All
    values are exact properties of the system at the settled step count. `lowest_speed` is q of the slowest state found
    at g = 0, `eigenmodes` are those of the first fixed point there (rates None where it has no derivative), `variance`
    the shares of the visited states' variance along their principal axes (scaled components, first five).
    `step_in_state`, `step_in_update`: the largest relative change of state and update when the step count alone goes
    from 0 to the horizon.
    """
    dynamics = subject.dynamics
    rest, points = subject.rest, list(subject.fixed_points)
    shown = subject.typical * np.array([0.1, -0.1, 1.0, -1.0])
    held = [point for points in dynamics.held(shown) for point in points]
    in_state, in_update = step_dependence(subject)
    listed = _eigenmodes(subject)
    values = {
        "count": exact(len(points)),
        "spectral_radius": exact(rest and rest.spectral_radius),
        "bias": exact(rest and rest.update),
        "lowest_speed": exact(min(p.speed for p in points or [dynamics.slowest])),
        "step_in_state": exact(in_state),
        "step_in_update": exact(in_update),
        "fixed_points": [_entry(p) for p in (points or [dynamics.slowest]) + held],
        "eigenmodes": listed,
        "variance": [] if subject.brief else dynamics.axes.shares.tolist(),
    }
    kinds = {point.stability for point in points}
    verdict = PRESENT if "stable" in kinds else UNDECIDED if "marginal" in kinds else ABSENT
    return Reading(verdict, values, _sentence(subject))


def step_dependence(subject: Subject) -> tuple[float, float]:
    """Largest relative change of F and of dx at the visited states when the step count goes from 0 to the horizon."""
    system, g = subject.system, np.resize([1.0, -1.0], len(subject.states)) * subject.typical
    late = system.step(subject.states, g, subject.settled)
    changes = []
    for time in np.unique(np.linspace(0, subject.settled, 5).round().astype(int)):
        now = system.step(subject.states, g, int(time))
        changes.append([_change(a, b) for a, b in zip(now, late, strict=True)])
    in_state, in_update = np.max(changes, axis=0)
    return float(in_state), float(in_update)


def _change(a: np.ndarray, b: np.ndarray) -> float:
    size = np.max(np.abs(b), initial=0.0, where=np.isfinite(b))
    with np.errstate(all="ignore"):
        return float(np.nanmax(np.abs(a - b), initial=0.0) / size) if size > 0 else 0.0


def _eigenmodes(subject: Subject) -> list[dict[str, Any]]:
    if subject.rest is None or not np.isfinite(subject.rest.spectral_radius):
        return []
    found, rated = modes_at(subject.system, subject.rest, subject.settled)
    listed = found.listed()
    return listed if rated else [mode | {"alpha": None, "gain": None} for mode in listed]


def _entry(point: FixedPoint) -> dict[str, Any]:
    return {key: value for key, value in point._asdict().items() if key != "state"}


def _sentence(subject: Subject) -> str:
    rest = subject.rest
    if rest is None:
        slow = significant(subject.dynamics.slowest.speed)
        return f"fixed points: none at zero gradient; the state keeps moving (speed at least {slow})"
    if len(subject.fixed_points) > MANY and rest.stability == "marginal":
        return "fixed points: a continuum of marginal ones; without gradients the state stays where it is"
    others = len(subject.fixed_points) - 1
    more = f" and {others} more" if others else ""
    return (
        f"fixed points: one {rest.stability} at zero gradient{more}, "
        f"spectral radius {significant(rest.spectral_radius)}, update there {significant(rest.update)}"
    )
