"""Fixed points h = F(h, g): where an optimizer comes to rest, with and without a constant gradient.

Damped Newton in float64 from visited states and from the same states relaxed without gradient
(Sussillo and Barak, 2013; Golub and Sussillo, 2018 minimise the speed instead, which stalls at slow
points). A fixed point with spectral radius close to one is called marginal: no linear statement at
it can be trusted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bench.probes.reading import ABSENT, PRESENT, UNDECIDED, Reading, exact, number
from bench.probes.system import System

if TYPE_CHECKING:
    from bench.probes.subject import Subject

TOLERANCE = 1e-9
"""Largest |F − h| / (|h| + 1e-6 scale) of a fixed point."""
SAME = 1e-3
"""Distance, in units of the states' scale, within which two fixed points are one."""
MARGINAL = (0.999 + 1e-6, 1.001)
"""Spectral radii between stable and unstable; Adam's β₂ = 0.999 is still stable."""


class FixedPoint(NamedTuple):
    """state: (n,); speed: ½ ‖F(h, g) − h‖²; update: dx at (h, g); stability: stable, unstable or
    marginal.
    """

    state: np.ndarray
    gradient: float
    speed: float
    update: float
    spectral_radius: float
    stability: str


def solve(system: System, starts: np.ndarray, g: Any, t: int, iterations: int = 60):
    """Damped Newton on F(h, g) − h at step count t from starts: (N, n); g: scalar or (N,).

    Returns points (N, n) and residuals (N,): max |F − h| / (|h| + 1e-6 scale), not finite where it
    was lost.
    """
    points, g = starts.copy(), np.broadcast_to(np.asarray(g, float), starts.shape[:1])
    errors = system.step(points, g, t)[0] - points
    moving = np.isfinite(errors).all(axis=1)
    for _ in range(iterations):
        moving &= ~(_residual(system, points, errors) < 1e-3 * TOLERANCE)
        if not moving.any() or not system.h0.size:
            break
        rows = np.flatnonzero(moving)
        slopes = system.jacobian(points[rows], g[rows], t).J - np.eye(len(system.h0))
        directions = -_solve(slopes, errors[rows])
        points[rows], errors[rows], moved = _descend(
            system, points[rows], errors[rows], directions, g[rows], t
        )
        moving[rows] = moved
    return points, _residual(system, points, errors)


def _residual(system: System, points: np.ndarray, errors: np.ndarray) -> np.ndarray:
    relative = np.abs(errors) / (np.abs(points) + 1e-6 * system.state_scale)
    return np.max(relative, axis=1, initial=0.0)


def _solve(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    matrices = np.where(np.isfinite(matrices), matrices, 0.0)
    try:
        return np.linalg.solve(matrices, vectors[..., None])[..., 0]
    except np.linalg.LinAlgError:
        return (np.linalg.pinv(matrices) @ vectors[..., None])[..., 0]


def _descend(system, points, errors, directions, g, t):
    """The longest of 12 halved Newton steps that lowers the error, row by row, and whether there
    is one.
    """
    size = np.linalg.norm(errors / system.state_scale, axis=1)
    moved = np.zeros(len(points), bool)
    for halving in range(12):
        left = np.flatnonzero(~moved)
        if not len(left):
            break
        tried = points[left] + 0.5**halving * directions[left]
        error = system.step(tried, g[left], t)[0] - tried
        better = np.linalg.norm(error / system.state_scale, axis=1) < size[left] * (
            1 - 1e-4 * 0.5**halving
        )
        rows = left[better]
        points[rows], errors[rows], moved[rows] = tried[better], error[better], True
    return points, errors, moved


def find(system: System, starts: np.ndarray, g: float, t: int) -> list[FixedPoint]:
    """Distinct fixed points at constant gradient g, that nearest to the first start first."""
    points, residuals = solve(system, starts, g, t)
    found: list[np.ndarray] = []
    for point in points[residuals < TOLERANCE]:
        if not any(_distance(system, point, other) < SAME for other in found):
            found.append(point)
    found.sort(key=lambda point: _distance(system, point, starts[0]))
    return [_describe(system, point, g, t) for point in found]


def _distance(system: System, a: np.ndarray, b: np.ndarray) -> float:
    return float(np.max(np.abs(a - b) / (np.abs(b) + system.state_scale), initial=0.0))


def _describe(system: System, point: np.ndarray, g: float, t: int) -> FixedPoint:
    after, dx = system.step(point[None], g, t)
    speed = 0.5 * float(np.sum((after[0] - point) ** 2))
    radius = spectral_radius(system.jacobian(point, g, t).J)
    return FixedPoint(point, g, speed, float(dx[0]), radius, stability(radius))


def spectral_radius(matrix: np.ndarray) -> float:
    """Largest |eigenvalue|; 0 without state, infinite where the matrix is not finite."""
    if not np.isfinite(matrix).all():
        return float("inf")
    return float(np.max(np.abs(np.linalg.eigvals(matrix)), initial=0.0))


def stability(radius: float) -> str:
    """ "stable", "marginal" or "unstable" by spectral radius."""
    low, high = MARGINAL
    return "stable" if radius <= low else "marginal" if radius <= high else "unstable"


def probe(subject: Subject) -> Reading:
    """Does the optimizer come to rest without gradients, and where does a constant gradient hold
    it?

    present: a stable fixed point at g = 0; undecided: only marginal ones; absent: none, or unstable
    ones only. All values are exact properties of the system at the settled step count. `variance`
    are the shares of the visited states' variance along their principal axes (scaled components,
    first five).
    """
    points = list(subject.fixed_points)
    rest = subject.rest
    for g in (subject.typical / 10, -subject.typical / 10, subject.typical, -subject.typical):
        starts = subject.system.relax(subject.base[None], g, subject.settled, steps=200)
        points += find(subject.system, starts, g, subject.settled) or [_missing(g)]
    values = {
        "count": exact(len(subject.fixed_points)),
        "spectral_radius": exact(rest and rest.spectral_radius),
        "bias": exact(rest and rest.update),
        "fixed_points": [_entry(p) for p in ([] if rest else [_missing(0.0)]) + points],
        "variance": _variance(subject),
    }
    kinds = {point.stability for point in subject.fixed_points}
    verdict = PRESENT if "stable" in kinds else UNDECIDED if "marginal" in kinds else ABSENT
    return Reading(verdict, values, _sentence(subject))


def _missing(g: float) -> FixedPoint:
    nan = float("nan")
    return FixedPoint(np.zeros(0), g, nan, nan, nan, "none")


def _entry(point: FixedPoint) -> dict[str, Any]:
    return {key: value for key, value in point._asdict().items() if key != "state"}


def _variance(subject: Subject) -> list[float]:
    """Shares of variance of the sampled visited states, largest first, at most five."""
    if not subject.states.size:
        return []
    scaled = subject.states / subject.system.state_scale
    powers = np.linalg.svd(scaled - scaled.mean(axis=0), compute_uv=False) ** 2
    return list(powers[:5] / powers.sum()) if powers.sum() > 0 else []


def _sentence(subject: Subject) -> str:
    rest = subject.rest
    if rest is None:
        return "fixed points: none at zero gradient; the state keeps moving"
    others = len(subject.fixed_points) - 1
    more = f" and {others} more" if others else ""
    return (
        f"fixed points: one {rest.stability} at zero gradient{more}, "
        f"spectral radius {number(rest.spectral_radius)}, update there {number(rest.update)}"
    )
