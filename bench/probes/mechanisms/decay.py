"""The shape of a schedule: how long it warms up, how fast it decays, and to what."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

WARM = 0.95
"""A rate is warm from this part of its peak on."""
LONGEST = 5.0
"""Time constants above this multiple of what was watched cannot be told from a straight line."""
FLAT = 0.02
"""A fall by less than this part of the peak is no decay."""


class Decay(NamedTuple):
    """r(t) ≈ level + fall e^(−(t − peak step) / time) after the peak; time in steps, NaN without a decay.

    r2 = 1 − Σ (r − fit)² / Σ (r − mean)²: near 1 for an exponential, less for steps and cosines.
    """

    time: float
    level: float
    r2: float


def warm_up(rates: np.ndarray) -> float:
    """Steps until |rate| first reaches WARM of its peak, linear between steps; 0 when it begins there."""
    size = np.abs(rates)
    target = WARM * np.max(size)
    first = int(np.argmax(size >= target))
    if first == 0:
        return 0.0
    return first - 1 + float((target - size[first - 1]) / (size[first] - size[first - 1]))


def decay(rates: np.ndarray) -> Decay:
    """The nearest exponential to the rates (T,) from their peak on."""
    after = rates[int(np.argmax(np.abs(rates))) :]
    none = Decay(np.nan, np.nan, np.nan)
    if len(after) < 4 or np.ptp(after) <= FLAT * np.max(np.abs(after)):
        return none
    longest = LONGEST * len(after)
    times = np.geomspace(0.1, longest, 200)
    best = int(np.argmin([_fit(time, after)[0] for time in times]))
    if best == len(times) - 1:
        return none
    low, high = (np.log(times[max(best + i, 0)]) for i in (-1, 1))
    refined = minimize_scalar(
        lambda x: _fit(np.exp(x), after)[0], bounds=(low, high), method="bounded", options={"xatol": 1e-10}
    )
    time = float(np.exp(refined.x))
    error, level = _fit(time, after)
    return Decay(time, level, 1 - error / float(np.sum((after - after.mean()) ** 2)))


def _fit(time: float, rates: np.ndarray) -> tuple[float, float]:
    """Σ (r − fit)² and the level, for the best level and fall at this time constant."""
    shape = np.exp(-np.arange(len(rates)) / time)
    columns = np.stack([np.ones(len(rates)), shape], axis=1)
    found = np.linalg.lstsq(columns, rates, rcond=None)[0]
    return float(np.sum((rates - columns @ found) ** 2)), float(found[0])
