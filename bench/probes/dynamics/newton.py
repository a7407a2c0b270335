"""Solving h = F(h, g): damped Newton, and descent on the speed q = ½ ‖F(h, g) − h‖².

Newton converges to any fixed point in a few steps but stops where F − 1 is singular; descent (Sussillo and Barak, 2013)
goes downhill from anywhere but may end at a slow point that is none. Its steps here are Levenberg's, gradient descent
where the map is nonlinear and Newton's where it is not. Both are run from every start, all in float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.probes.dynamics.system import System

TOLERANCE = 1e-9
"""Largest |F − h| / (|h| + 1e-6 scale) of a fixed point."""
HALVINGS = 12
LEAST, MOST = 1e-12, 1e12
"""Bounds of the damping of descent, relative to the squared slopes."""


def solve(system: System, starts: np.ndarray, g: Any, t: int, iterations: int = 60):
    """Damped Newton on F(h, g) − h at step count t from starts: (N, n); g: scalar or (N,).

    Returns points (N, n) and residuals (N,): max |F − h| / (|h| + 1e-6 scale), not finite where it was lost.
    """
    points, g = starts.copy(), np.broadcast_to(np.asarray(g, float), starts.shape[:1])
    errors = system.step(points, g, t)[0] - points
    moving = np.isfinite(errors).all(axis=1)
    for _ in range(iterations):
        moving &= ~(residual(system, points, errors) < 1e-3 * TOLERANCE)
        if not moving.any() or not system.h0.size:
            break
        rows = np.flatnonzero(moving)
        slopes = system.jacobian(points[rows], g[rows], t).J - np.eye(len(system.h0))
        directions = -_solve(slopes, errors[rows])
        points[rows], errors[rows], moving[rows] = _shortened(
            system, points[rows], errors[rows], directions, g[rows], t
        )
    return points, residual(system, points, errors)


def descend(system: System, starts: np.ndarray, g: Any, t: int, iterations: int = 40):
    """Descent on q, components in units of their scale: the same arguments and results as `solve`.

    A row stops where q cannot be lowered: at a fixed point, or at a slow point with a large residual.
    """
    points, g = starts.copy(), np.broadcast_to(np.asarray(g, float), starts.shape[:1])
    errors = system.step(points, g, t)[0] - points
    damping = np.full(len(points), 1e-2)
    moving = np.isfinite(errors).all(axis=1)
    for _ in range(iterations):
        moving &= ~(residual(system, points, errors) < 1e-3 * TOLERANCE) & (damping < MOST)
        if not moving.any() or not system.h0.size:
            break
        rows = np.flatnonzero(moving)
        tried = points[rows] + _downhill(system, points[rows], errors[rows], damping[rows], g[rows], t)
        error = system.step(tried, g[rows], t)[0] - tried
        better = _size(system, error) < _size(system, errors[rows])
        points[rows[better]], errors[rows[better]] = tried[better], error[better]
        damping[rows] = np.where(better, np.maximum(damping[rows] / 10, LEAST), damping[rows] * 10)
    return points, residual(system, points, errors)


def _downhill(system, points, errors, damping, g, t):
    """Levenberg steps (N, n): −(SᵀS + d tr(SᵀS)/n)⁻¹ Sᵀ e for slopes S and errors e, both in units of scale."""
    scale, n = system.state_scale, len(system.h0)
    slopes = system.jacobian(points, g, t).J - np.eye(n)
    slopes = np.where(np.isfinite(slopes), slopes, 0.0) * scale / scale[:, None]
    squares = slopes.swapaxes(1, 2) @ slopes
    mean = np.maximum(np.trace(squares, axis1=1, axis2=2) / n, 1e-300)
    squares += (damping * mean)[:, None, None] * np.eye(n)
    return -_solve(squares, (slopes.swapaxes(1, 2) @ (errors / scale)[..., None])[..., 0]) * scale


def residual(system: System, points: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """max |error| / (|h| + 1e-6 scale): (N,)."""
    relative = np.abs(errors) / (np.abs(points) + 1e-6 * system.state_scale)
    return np.max(relative, axis=1, initial=0.0)


def speed(system: System, points: np.ndarray, g: Any, t: int) -> np.ndarray:
    """q = ½ ‖F(h, g) − h‖²: (N,), in the units of the state."""
    return 0.5 * np.sum((system.step(points, g, t)[0] - points) ** 2, axis=1)


def distance(system: System, a: np.ndarray, b: np.ndarray) -> float:
    """Largest difference of two states over their size."""
    return float(np.max(np.abs(a - b) / (np.abs(b) + system.state_scale), initial=0.0))


def _size(system: System, errors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(errors / system.state_scale, axis=1)


def _solve(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    matrices = np.where(np.isfinite(matrices), matrices, 0.0)
    try:
        return np.linalg.solve(matrices, vectors[..., None])[..., 0]
    except np.linalg.LinAlgError:
        return (np.linalg.pinv(matrices) @ vectors[..., None])[..., 0]


def _shortened(system, points, errors, directions, g, t):
    """The longest of 12 halved Newton steps that lowers the error, row by row, and whether there is one."""
    size = _size(system, errors)
    moved = np.zeros(len(points), bool)
    for halving in range(HALVINGS):
        left = np.flatnonzero(~moved)
        if not len(left):
            break
        tried = points[left] + 0.5**halving * directions[left]
        error = system.step(tried, g[left], t)[0] - tried
        better = _size(system, error) < size[left] * (1 - 1e-4 * 0.5**halving)
        rows = left[better]
        points[rows], errors[rows], moved[rows] = tried[better], error[better], True
    return points, errors, moved
