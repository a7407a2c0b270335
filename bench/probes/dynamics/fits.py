"""Closed forms near a kernel: one exponential, or the two poles of a damped oscillation.

Two poles are fitted through the recurrence k_{j+2} = a k_{j+1} + b k_j, whose coefficients stay well defined where two
real exponentials become one (repeated pole, critical damping) and their amplitudes would be infinite.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import least_squares, minimize_scalar
from scipy.signal import lfilter

OSCILLATING, CRITICAL, OVERDAMPED = "oscillation", "critical", "two exponentials"
CANCELLING = 4.0
"""Σ |amplitudes| over the largest |k| from which two real exponentials are called one repeated pole."""


class OnePole(NamedTuple):
    """k_j ≈ alpha beta^j; r2 = 1 − Σ (k − fit)² / Σ k². NaN for a kernel that is zero or not finite."""

    alpha: float
    beta: float
    r2: float


class TwoPoles(NamedTuple):
    """k_j ≈ amplitude decay^j cos(2π j / period + phase), in steps and radians, if `kind` is "oscillation".

    "critical": k_j ≈ (start + …j) decay^j, a repeated pole, period infinite, phase NaN. "two exponentials": decay is
    that of the slower one. `poles`: (2,) complex, slower first; `start`: k_0 and k_1 of the fit.
    """

    kind: str
    amplitude: float
    decay: float
    period: float
    phase: float
    r2: float
    poles: np.ndarray
    start: np.ndarray


def fit(kernel: np.ndarray) -> OnePole:
    """The single exponential nearest to a kernel: (lags,) in least squares, −1 < β < 1."""
    power = float(kernel @ kernel)
    if not np.isfinite(power) or power == 0:
        return OnePole(np.nan, np.nan, np.nan)
    lags = np.arange(len(kernel))
    grid = np.concatenate([-np.geomspace(0.9999, 1e-3, 60), [0.0], 1 - np.geomspace(0.999, 1e-4, 240)])
    errors = _misfit(grid[:, None] ** lags, kernel)
    best = int(np.argmin(errors))
    bounds = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    options = {"xatol": 1e-10}
    refined = minimize_scalar(lambda b: _misfit(b**lags, kernel), bounds=bounds, method="bounded", options=options)
    beta = float(refined.x) if refined.fun < errors[best] else float(grid[best])
    shape = beta**lags
    return OnePole(float(shape @ kernel / (shape @ shape)), beta, float(1 - _misfit(shape, kernel) / power))


def _misfit(shapes: np.ndarray, kernel: np.ndarray) -> Any:
    """Σ (k − α s)² for the best α, for shapes: (…, lags)."""
    alpha = shapes @ kernel / np.sum(shapes**2, axis=-1)
    return np.sum((kernel - alpha[..., None] * shapes) ** 2, axis=-1)


def two_poles(kernel: np.ndarray, tries: int = 2) -> TwoPoles | None:
    """The stable pair of poles nearest to a kernel: (lags ≥ 4,) in least squares, or None without a finite kernel.

    Searched from the best `tries` of nineteen starts.
    """
    power = float(kernel @ kernel)
    if len(kernel) < 4 or not np.isfinite(power) or power == 0:
        return None
    unit = kernel / math.sqrt(power)
    starts = sorted(_starts(), key=lambda start: float(np.sum(_residual(start, unit) ** 2)))
    tried = [
        least_squares(_residual, s, args=(unit,), bounds=(-1 + 1e-9, 1 - 1e-9), xtol=1e-13, gtol=1e-13, ftol=1e-13)
        for s in starts[:tries]
    ]
    best = min(tried, key=lambda found: found.cost)
    basis = _basis(best.x, len(kernel))
    start = np.linalg.lstsq(basis, kernel, rcond=None)[0]
    return _named(best.x, start, kernel, float(1 - 2 * best.cost))


def _starts() -> list[np.ndarray]:
    """Reflection coefficients of resonances of several decays and periods, and of real poles."""
    turns = (0.05, 0.2, 0.7, 1.6, 2.6)
    pairs = [(d * np.exp(1j * w), d * np.exp(-1j * w)) for d in (0.5, 0.8, 0.95) for w in turns]
    pairs += [(0.9, 0.3), (0.97, 0.8), (0.8, -0.3), (-0.9, -0.3)]
    starts = []
    for one, other in pairs:
        product = float(np.real(one * other))
        starts.append(np.array([float(np.real(one + other)) / (1 + product), product]))
    return starts


def _recurrence(reflection: np.ndarray) -> tuple[float, float]:
    """(a, b) of k_{j+2} = a k_{j+1} + b k_j; stable exactly for coefficients within (−1, 1)."""
    return float(reflection[0] * (1 + reflection[1])), float(-reflection[1])


def _basis(reflection: np.ndarray, lags: int) -> np.ndarray:
    """(lags, 2): the solutions of the recurrence that start with (1, 0) and with (0, 1)."""
    a, b = _recurrence(reflection)
    impulse = np.zeros(lags)
    impulse[0] = 1.0
    second = lfilter([0.0, 1.0], [1.0, -a, -b], impulse)
    return np.stack([np.concatenate([[1.0], b * second[:-1]]), second], axis=1)


def _residual(reflection: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    basis = np.linalg.qr(_basis(reflection, len(kernel)))[0]
    return kernel - basis @ (basis.T @ kernel)


def _named(reflection, start, kernel, r2: float) -> TwoPoles:
    a, b = _recurrence(reflection)
    root = np.sqrt(complex(a * a + 4 * b))
    poles = np.array(sorted([(a + root) / 2, (a - root) / 2], key=lambda p: (-abs(p), -p.imag)))
    sizes = np.abs(start[1] - poles[::-1] * start[0])  # of both amplitudes, times the poles' distance
    repeated = sizes.sum() > CANCELLING * abs(root) * float(np.max(np.abs(kernel)))
    if repeated or not root.imag:
        kind, decay = (CRITICAL, math.sqrt(abs(b))) if repeated else (OVERDAMPED, poles[0].real)
        return TwoPoles(kind, math.nan, float(decay), math.inf, math.nan, r2, poles, start)
    decay, angle = math.sqrt(-b), abs(float(np.angle(poles[0])))
    sine = (math.cos(angle) * start[0] - start[1] / decay) / math.sin(angle)
    amplitude, phase = math.hypot(start[0], sine), math.atan2(sine, start[0])
    return TwoPoles(OSCILLATING, amplitude, decay, 2 * math.pi / angle, phase, r2, poles, start)
