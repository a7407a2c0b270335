"""Numbers of one meta-seed that the rules ask for, from its readings and quantities; None where they were not read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bench.studies.paper.evidence import OnTask, Seed, listed, value
from bench.studies.paper.rules import Read

OPTIMUM = (3.76, 0.881)
"""(α*, β*) of the best heavy ball on linear regression's curvatures, 1e-3 to 1."""
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


def few_slow_modes(on: OnTask, seed: Seed) -> float | None:
    """Exponentials that give the kernel to 10 %; infinite if the largest of them is not slow, |λ| < 0.8."""
    needed, modes = value(seed, "momentum", "modes_needed"), listed(seed, "momentum", "modes")
    if needed is None or not modes:
        return None
    decay = math.hypot(modes[0]["decay"], modes[0]["decay_imag"])
    return float(needed) if decay >= 0.8 else math.inf


def mode_at_optimum(on: OnTask, seed: Seed) -> float | None:
    """1 when an eigenmode lies at the best heavy ball's (α*, β*), else 0."""
    modes = _modes(seed)
    if not modes:
        return None
    alpha, beta = OPTIMUM
    return float(
        any(abs(mode["alpha"] / alpha - 1) <= _CLOSE[0] and abs(mode["momentum"] - beta) <= _CLOSE[1] for mode in modes)
    )


def unbounded_fixed_points(on: OnTask, seed: Seed) -> float | None:
    """Fixed points at zero gradient; infinite when the one there is not stable."""
    count = value(seed, "fixed_points", "count")
    if count is None:
        return None
    stable = seed.readings["fixed_points"]["verdict"] == "present"
    return float(count) if stable else math.inf


def warm_up_and_decay(on: OnTask, seed: Seed) -> float | None:
    """The smaller of peak / initial and peak / final rate along the path without gradients."""
    initial, peak, final = (value(seed, "schedule", name) for name in ("initial", "peak", "final"))
    if initial is None or peak is None or final is None:
        return None
    return min(abs(peak / initial), abs(peak / final)) if initial and final else math.inf


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
    """|g| (G,) ascending and rates of both arms (2, G), g > 0 first; and the rate at rest."""

    def __init__(self, seed: Seed):
        arms = seed.quantities.get("arms") or {}
        rates = [np.nan if rate is None else rate for rate in arms.get("rates") or []]
        self.stability = list(arms.get("stability") or [])
        middle = len(rates) // 2
        self.known = middle > 0
        if self.known:
            self.sizes = np.asarray(arms["gradients"][middle + 1 :])
            self.rates = np.array([rates[middle + 1 :], rates[:middle][::-1]])
            self.rest = float(rates[middle])

    def at(self, size: float | None) -> np.ndarray | None:
        """Both arms' rates (2,) at |g| = size, the smallest if None, interpolated in log |g|; None beyond the sizes."""
        if not self.known:
            return None
        if size is None:
            return self.rates[:, 0]
        if not self.sizes[0] <= size <= self.sizes[-1]:
            return None
        return np.array([np.interp(math.log(size), np.log(self.sizes), arm) for arm in self.rates])


def fall_of_rate(size: float | None = None) -> Read:
    """Rate at the largest gradient over that at |g| = size or the smallest, of the arm where this is larger."""

    def read(on: OnTask, seed: Seed) -> float | None:
        arms = _Arms(seed)
        before = arms.at(size)
        return None if before is None else float(np.max(arms.rates[:, -1] / before))

    return read


def rise_over_tip(size: float | None = None) -> Read:
    """Rate at |g| = size, the smallest by default, over that at the largest, both arms' means."""

    def read(on: OnTask, seed: Seed) -> float | None:
        arms = _Arms(seed)
        before = arms.at(size)
        return None if before is None else float(before.mean() / arms.rates[:, -1].mean())

    return read


def least_rate(on: OnTask, seed: Seed) -> float | None:
    """Smallest rate on the arms."""
    arms = _Arms(seed)
    return float(np.min(arms.rates)) if arms.known else None


def rate_at(size: float) -> Read:
    """Mean of both arms' rates at |g| = size, between the sizes measured; None beyond them."""

    def read(on: OnTask, seed: Seed) -> float | None:
        found = _Arms(seed).at(size)
        return None if found is None else float(found.mean())

    return read


def tip_rate(on: OnTask, seed: Seed) -> float | None:
    """Mean of both arms' rates at the largest gradient met."""
    arms = _Arms(seed)
    return float(arms.rates[:, -1].mean()) if arms.known else None


def slope_of_rate(on: OnTask, seed: Seed) -> float | None:
    """d log rate / d log |g| over the two largest decades of |g|, both arms' mean."""
    arms = _Arms(seed)
    if not arms.known:
        return None
    kept = arms.sizes >= 0.99e-2 * arms.sizes[-1]
    rates = arms.rates.mean(axis=0)[kept]
    if not np.all(rates > 0):
        return None
    return float(np.polyfit(np.log(arms.sizes[kept]), np.log(rates), 1)[0])


def asymmetry(on: OnTask, seed: Seed) -> float | None:
    """Largest difference of the arms' rates over their sum."""
    arms = _Arms(seed)
    if not arms.known:
        return None
    plus, minus = arms.rates
    return float(np.max(np.abs(plus - minus) / (np.abs(plus) + np.abs(minus))))


def attractors(on: OnTask, seed: Seed) -> float | None:
    """Share of the constant gradients, zero included, that lead to a stable fixed point."""
    arms = _Arms(seed)
    return float(np.mean([each == "stable" for each in arms.stability])) if arms.known else None


def peak_over_rest(on: OnTask, seed: Seed) -> float | None:
    """Largest rate on the arms over the rate at rest."""
    arms = _Arms(seed)
    return float(np.max(arms.rates) / arms.rest) if arms.known else None
