"""Fixed points h = F(h, g): where an optimizer comes to rest, with and without a constant gradient.

Searched by damped Newton and by descent on the speed, from visited states and from the same states relaxed first. A
fixed point with spectral radius close to one is called marginal: no linear statement at it can be trusted.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench.probes.dynamics.eigenmodes import Eigenmodes, eigenmodes
from bench.probes.dynamics.kernel import gain
from bench.probes.dynamics.newton import TOLERANCE, descend, distance, solve, speed
from bench.probes.dynamics.system import ZOOMS, System

SAME = 1e-3
"""Distance, in units of the states' scale, within which two fixed points are one."""
MARGINAL = (0.999 + 1e-6, 1.001)
"""Spectral radii between stable and unstable; Adam's β₂ = 0.999 is still stable."""
RELAXATION = 500
"""Steps under a constant gradient before fixed points are searched."""
AGREEMENT = 0.01
"""Largest relative change of a rate over difference steps a hundred times larger."""


class FixedPoint(NamedTuple):
    """state: (n,); speed: ½ ‖F(h, g) − h‖²; update: dx at (h, g); stability: stable, unstable, marginal, or none: no
    fixed point, but the slowest state found.
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
    return [_distinct(system, points[i][kept[i]], g, starts[i, 0], t) for i, g in enumerate(gradients)]


def _distinct(system: System, points: np.ndarray, g: float, start: np.ndarray, t: int) -> list[FixedPoint]:
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


def hold(system: System, starts: np.ndarray, gradients: np.ndarray, t: int) -> list[list[FixedPoint]]:
    """The fixed points at each constant gradient: (G,), from starts: (N, n) relaxed under it.

    Where there are none: the slowest state found, of stability "none".
    """
    gradients = np.asarray(gradients, float)
    shape = len(gradients), *starts.shape
    rows = np.broadcast_to(starts, shape).reshape(shape[0] * shape[1], shape[2])
    relaxed = system.relax(rows, np.repeat(gradients, len(starts)), t, RELAXATION).reshape(shape)
    found = find_each(system, relaxed, gradients, t)
    return [points or [slowest(system, relaxed[i], gradients[i], t)] for i, points in enumerate(found)]


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
