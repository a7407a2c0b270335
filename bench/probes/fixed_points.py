"""Fixed points h = F(h, g): where an optimizer comes to rest, with and without a constant gradient.

Searched by damped Newton and by descent on the speed, from visited states and from the same states relaxed first. A
fixed point with spectral radius close to one is called marginal: no linear statement at it can be trusted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bench.probes.eigenmodes import Eigenmodes, eigenmodes
from bench.probes.kernel import gain
from bench.probes.reading import ABSENT, PRESENT, UNDECIDED, Reading, exact, number
from bench.probes.search import TOLERANCE, descend, distance, solve, speed
from bench.probes.system import ZOOMS, System

if TYPE_CHECKING:
    from bench.probes.subject import Subject

SAME = 1e-3
"""Distance, in units of the states' scale, within which two fixed points are one."""
MARGINAL = (0.999 + 1e-6, 1.001)
"""Spectral radii between stable and unstable; Adam's β₂ = 0.999 is still stable."""
RELAXATION = 500
"""Steps under a constant gradient before fixed points are searched."""
AGREEMENT = 0.01
"""Largest relative change of a rate over difference steps a hundred times larger."""
MANY = 8
"""Marginal fixed points at g = 0 from which they are called a continuum."""


class FixedPoint(NamedTuple):
    """state: (n,); speed: ½ ‖F(h, g) − h‖²; update: dx at (h, g); stability: stable, unstable,
    marginal, or none: no fixed point, but the slowest state found.
    """

    state: np.ndarray
    gradient: float
    speed: float
    update: float
    spectral_radius: float
    stability: str


def find(system: System, starts: np.ndarray, g: float, t: int) -> list[FixedPoint]:
    """Distinct fixed points at constant gradient g by both methods, that nearest to the first start first."""
    g_each = np.full(len(starts), float(g))
    tries = [method(system, starts, g_each, t) for method in (solve, descend)]
    points, residuals = (np.concatenate(part) for part in zip(*tries, strict=True))
    return _distinct(system, points[residuals < TOLERANCE], g, starts[0], t)


def find_each(system: System, starts: np.ndarray, gradients: np.ndarray, t: int):
    """`find` for G gradients at once, from starts: (G, N, n), descent only where Newton fails: G lists."""
    count, each, n = starts.shape
    rows, g = starts.reshape(count * each, n), np.repeat(gradients, each)
    points, residuals = solve(system, rows, g, t)
    lost = ~(residuals < TOLERANCE)
    points[lost], residuals[lost] = descend(system, rows[lost], g[lost], t)
    points = points.reshape(starts.shape)
    kept = (residuals < TOLERANCE).reshape(count, each)
    return [
        _distinct(system, points[i][kept[i]], g, starts[i, 0], t) for i, g in enumerate(gradients)
    ]


def _distinct(
    system: System, points: np.ndarray, g: float, start: np.ndarray, t: int
) -> list[FixedPoint]:
    """One of each cluster of points: (M, n), that nearest to `start` first."""
    found: list[np.ndarray] = []
    for point in points:
        if not any(distance(system, point, other) < SAME for other in found):
            found.append(point)
    found.sort(key=lambda point: distance(system, point, start))
    return [_describe(system, point, g, t) for point in found]


def slowest(system: System, starts: np.ndarray, g: float, t: int) -> FixedPoint:
    """The slowest state that descent finds: what to report where there is no fixed point."""
    points = np.concatenate([descend(system, starts, g, t)[0], starts])
    speeds = speed(system, points, g, t)
    point = points[int(np.argmin(np.where(np.isfinite(speeds), speeds, np.inf)))]
    return _describe(system, point, g, t)._replace(stability="none")


def hold(
    system: System, starts: np.ndarray, gradients: np.ndarray, t: int
) -> list[list[FixedPoint]]:
    """The fixed points at each constant gradient: (G,), from starts: (N, n) relaxed under it.

    Where there are none: the slowest state found, of stability "none".
    """
    gradients = np.asarray(gradients, float)
    shape = len(gradients), *starts.shape
    rows = np.broadcast_to(starts, shape).reshape(shape[0] * shape[1], shape[2])
    relaxed = system.relax(rows, np.repeat(gradients, len(starts)), t, RELAXATION).reshape(shape)
    found = find_each(system, relaxed, gradients, t)
    return [
        points or [slowest(system, relaxed[i], gradients[i], t)] for i, points in enumerate(found)
    ]


def _describe(system: System, point: np.ndarray, g: float, t: int) -> FixedPoint:
    dx = system.step(point[None], g, t)[1]
    radius = spectral_radius(system.jacobian(point, g, t).J)
    slow = float(speed(system, point[None], g, t)[0])
    return FixedPoint(point, float(g), slow, float(dx[0]), radius, stability(radius))


def spectral_radius(matrix: np.ndarray) -> float:
    """Largest |eigenvalue|; 0 without state, infinite where the matrix is not finite."""
    if not np.isfinite(matrix).all():
        return float("inf")
    return float(np.max(np.abs(np.linalg.eigvals(matrix)), initial=0.0))


def stability(radius: float) -> str:
    """ "stable", "marginal" or "unstable" by spectral radius."""
    low, high = MARGINAL
    return "stable" if radius <= low else "marginal" if radius <= high else "unstable"


def modes_at(system: System, point: FixedPoint, t: int) -> tuple[Eigenmodes, bool]:
    """Eigenmodes of a fixed point, and whether their rates exist: the same for difference steps a hundred times larger.

    RMSProp and Adam at rest have decays but no rates: there an update is infinitely steep in the accumulator.
    """
    near, far = (system.jacobian(point.state, point.gradient, t, zoom) for zoom in ZOOMS[::2])
    same = all(_alike(*pair) for pair in ((float(near.D), float(far.D)), (gain(near), gain(far))))
    return eigenmodes(near), same


def _alike(a: float, b: float) -> bool:
    """Equal but for AGREEMENT, or both not a number."""
    return bool(np.isnan([a, b]).all()) or abs(a - b) <= AGREEMENT * max(abs(a), abs(b))


def probe(subject: Subject) -> Reading:
    """Does the optimizer come to rest without gradients, and where does a constant gradient hold
    it?

    present: a stable fixed point at g = 0; undecided: only marginal ones; absent: none, or unstable
    ones only. All values are exact properties of the system at the settled step count. `lowest_speed`
    is q of the slowest state found at g = 0, `eigenmodes` are those of the first fixed point there (rates None
    where it has no derivative), `variance` the shares of the visited states' variance along their
    principal axes (scaled components, first five). `step_in_state`, `step_in_update`: the largest relative change
    of state and update when the step count alone goes from 0 to the horizon.
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
        "variance": dynamics.axes.shares.tolist(),
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
        slow = number(subject.dynamics.slowest.speed)
        return (
            f"fixed points: none at zero gradient; the state keeps moving (speed at least {slow})"
        )
    if len(subject.fixed_points) > MANY and rest.stability == "marginal":
        return "fixed points: a continuum of marginal ones; without gradients the state stays where it is"
    others = len(subject.fixed_points) - 1
    more = f" and {others} more" if others else ""
    return (
        f"fixed points: one {rest.stability} at zero gradient{more}, "
        f"spectral radius {number(rest.spectral_radius)}, update there {number(rest.update)}"
    )
