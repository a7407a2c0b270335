"""Numbers of one network that the rules ask for, from its readings and quantities; None where they were not read."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from bench.studies.paper.evidence import OnTask, Seed, listed, value
from bench.studies.paper.rules import Read

OPTIMUM = (3.76, 0.881)
"""(α*, β*) of the best heavy ball on linear regression's curvatures, 1e-3 to 1."""
NEUTRAL = 1 + 1e-6
"""Spectral radius up to which nothing grows; units of a saturated GRU that are held for good have exactly 1."""
_CLOSE = (0.25, 0.03)
"""How near a mode has to be: of α relative, of β absolute."""


def of(probe: str, name: str) -> Read:
    """A value of a reading."""
    return lambda on, seed: value(seed, probe, name)


def quantity(group: str, name: str | None = None) -> Read:
    """A quantity, or one of a group of them."""

    def read(on: OnTask, seed: Seed) -> float | None:
        found = seed.quantities.get(group)
        return found if name is None or found is None else found.get(name)

    return read


def over_tuned_rate(read: Read) -> Read:
    """`read` over the learning rate of tuned momentum."""

    def ratio(on: OnTask, seed: Seed) -> float | None:
        rate = read(on, seed)
        return None if rate is None else rate / float(on.thetas["momentum"]["learning_rate"])

    return ratio


def knee_spread(on: OnTask, seed: Seed) -> float | None:
    """Largest over smallest knee of the states visited (2.5 to 97.5 %)."""
    knee = seed.readings.get("clipping", {}).get("values", {}).get("knee", {})
    low, high = knee.get("low"), knee.get("high")
    return high / low if low and high else None


def _modes(seed: Seed) -> list[dict[str, Any]]:
    """Eigenmodes at rest that have a rate."""
    found = listed(seed, "momentum", "eigenmodes") or listed(seed, "fixed_points", "eigenmodes")
    return [mode for mode in found if mode.get("alpha") is not None]


def leading_decay(on: OnTask, seed: Seed) -> float | None:
    """|λ| of the eigenmode of largest |α|, as the paper colours them."""
    modes = _modes(seed)
    return max(modes, key=lambda mode: abs(mode["alpha"]))["momentum"] if modes else None


def modes_needed(on: OnTask, seed: Seed) -> float | None:
    """Exponentials that give the response to a gradient to 10 %."""
    found = value(seed, "momentum", "modes_needed")
    return None if found is None else float(found)


def leading_exponential(on: OnTask, seed: Seed) -> float | None:
    """|λ| of the first of them."""
    modes = listed(seed, "momentum", "modes")
    return math.hypot(modes[0]["decay"], modes[0]["decay_imag"]) if modes else None


def mode_at_optimum(on: OnTask, seed: Seed) -> float | None:
    """1 when an eigenmode lies at the best heavy ball's (α*, β*), else 0."""
    modes = _modes(seed)
    if not modes:
        return None
    alpha, beta = OPTIMUM
    return float(
        any(abs(mode["alpha"] / alpha - 1) <= _CLOSE[0] and abs(mode["momentum"] - beta) <= _CLOSE[1] for mode in modes)
    )


def peak_over(name: str) -> Read:
    """Largest rate over the "initial" or "final" one, along the path without gradients."""

    def read(on: OnTask, seed: Seed) -> float | None:
        peak, other = value(seed, "schedule", "peak"), value(seed, "schedule", name)
        if peak is None or other is None:
            return None
        return abs(peak / other) if other else math.inf

    return read


def crosses_tuned_rate(on: OnTask, seed: Seed) -> float | None:
    """First step after the peak at which the autonomous rate is below tuned momentum's; infinite if it never is."""
    rates, peak = listed(seed, "schedule", "rates"), value(seed, "schedule", "peak_step")
    if not rates or peak is None:
        return None
    tuned = float(on.thetas["momentum"]["learning_rate"])
    below = [step for step in range(int(peak), len(rates)) if rates[step] < tuned]
    return float(below[0]) if below else math.inf


def overtaken(on: OnTask, seed: Seed) -> float | None:
    """Iteration from which tuned momentum's mean loss stays below the learned one's; infinite if it never does."""
    above = np.asarray(on.baselines["momentum"]["curve"]) >= np.asarray(seed.race["curve"])
    if above[-1]:
        return math.inf
    return float(np.flatnonzero(above)[-1] + 1) if above.any() else 0.0


class _Arms:
    """|g*| (G,) ascending, rates of both arms (2, G), g* > 0 first, and at rest; NaN where the rate does not settle."""

    def __init__(self, seed: Seed):
        arms = seed.quantities.get("arms") or {}
        known = zip(arms.get("rates") or [], arms.get("settled") or [], strict=True)
        rates = [rate if settled and rate is not None else np.nan for rate, settled in known]
        middle = len(rates) // 2
        self.known = middle > 0
        if self.known:
            self.sizes = np.asarray(arms["gradients"][middle + 1 :])
            self.rates = np.array([rates[middle + 1 :], rates[:middle][::-1]])
            self.rest = float(rates[middle])


def _of_arms(number: Callable[[_Arms], Any]) -> Read:
    """A number of the arms; None where they were not measured or a rate it needs does not settle."""

    def read(on: OnTask, seed: Seed) -> float | None:
        arms = _Arms(seed)
        found = float(number(arms)) if arms.known else math.nan
        return None if math.isnan(found) else found

    return read


fall_of_rate = _of_arms(lambda arms: np.max(arms.rates[:, -1] / arms.rates[:, 0]))
"""Rate at the largest gradient over that at the smallest, of the arm where this is larger."""
rise_over_tip = _of_arms(lambda arms: arms.rates[:, 0].mean() / arms.rates[:, -1].mean())
"""Rate at the smallest gradient over that at the largest, both arms' means."""
least_rate = _of_arms(lambda arms: np.min(arms.rates))
small_rate = _of_arms(lambda arms: arms.rates[:, 0].mean())
"""Mean of both arms' rates at the smallest gradient."""
tip_rate = _of_arms(lambda arms: arms.rates[:, -1].mean())
"""At the largest."""
asymmetry = _of_arms(lambda arms: np.max(np.abs(arms.rates[0] - arms.rates[1]) / np.abs(arms.rates).sum(axis=0)))
"""Largest difference of the arms' rates over their sum."""
peak_over_rest = _of_arms(lambda arms: np.max(arms.rates) / arms.rest)
"""Largest rate on the arms over the rate at rest."""


def _slope(arms: _Arms) -> float:
    kept = arms.sizes >= 0.99e-2 * arms.sizes[-1]
    rates = arms.rates.mean(axis=0)[kept]
    return np.polyfit(np.log(arms.sizes[kept]), np.log(rates), 1)[0] if np.all(rates > 0) else math.nan


slope_of_rate = _of_arms(_slope)
"""d log rate / d log |g*| over the two largest decades of |g*|, both arms' mean."""


def attractors(on: OnTask, seed: Seed) -> float | None:
    """Share of the constant gradients, zero included, that lead to a settled state from which nothing grows."""
    arms = seed.quantities.get("arms") or {}
    found = zip(arms.get("settled") or [], arms.get("radii") or [], strict=True)
    flags = [bool(settled) and radius is not None and radius <= NEUTRAL for settled, radius in found]
    return sum(flags) / len(flags) if flags else None


def centred_fall(on: OnTask, seed: Seed) -> float | None:
    """As `fall_of_rate`, of the steepest slope of the update curve: a curve that is only pushed sideways keeps it."""
    slopes = (seed.quantities.get("arms") or {}).get("centred")
    if not slopes or None in slopes:
        return None
    middle = len(slopes) // 2
    return max(slopes[0] / slopes[middle - 1], slopes[-1] / slopes[middle + 1])


def alternating(on: OnTask, seed: Seed) -> float | None:
    """Rate after gradients of alternating sign, as large as the largest constant one, over that at rest."""
    rates = (seed.quantities.get("alternating") or {}).get("over_rest")
    return rates[-1] if rates else None
