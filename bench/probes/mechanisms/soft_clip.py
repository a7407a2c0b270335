"""The update curve as a soft clip, U(g) = A tanh(η g / A): two numbers and how well they do."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

CEILING = 1e3
"""Asymptotes above this multiple of the largest update are no clip: the curve is a line."""


class SoftClip(NamedTuple):
    """asymptote A and slope η of the nearest A tanh(η g / A); r2 = 1 − Σ (U − fit)² / Σ U²."""

    asymptote: float
    slope: float
    r2: float


def soft_clip(gradients: np.ndarray, curve: np.ndarray) -> SoftClip:
    """Least squares over U: (G,) at gradients: (G,) > 0, equal weight each; A has the sign of U.

    Infinite asymptote for a line, NaN for a curve that is zero or not finite.
    """
    power = float(np.sum(curve**2))
    if not np.isfinite(power) or power == 0:
        return SoftClip(np.nan, np.nan, np.nan)
    knees = np.geomspace(gradients[0] / 10, CEILING * gradients[-1], 400)
    errors = [_misfit(knee, gradients, curve) for knee in knees]
    best = int(np.argmin(errors))
    low, high = (np.log(knees[np.clip(best + i, 0, len(knees) - 1)]) for i in (-1, 1))
    refined = minimize_scalar(
        lambda x: _misfit(np.exp(x), gradients, curve), bounds=(low, high), method="bounded", options={"xatol": 1e-10}
    )
    knee = float(np.exp(refined.x))
    asymptote = _scale(np.tanh(gradients / knee), curve)
    r2 = 1 - _misfit(knee, gradients, curve) / power
    if best == len(knees) - 1:
        return SoftClip(np.inf, asymptote / knee, r2)
    return SoftClip(asymptote, asymptote / knee, r2)


def _scale(shape: np.ndarray, curve: np.ndarray) -> float:
    return float(shape @ curve / (shape @ shape))


def _misfit(knee: float, gradients: np.ndarray, curve: np.ndarray) -> float:
    """Σ (U − A tanh(g / knee))² for the best A."""
    shape = np.tanh(gradients / knee)
    return float(np.sum((curve - _scale(shape, curve) * shape) ** 2))
