"""Clipping: does the update stop growing beyond a gradient of fixed size?

The update curve of a state is U(g) = (dx(−g) − dx(g)) / 2: what a gradient moves, free of bias and of the motion that
goes on without it. It has a slope at 0, an asymptote max |U|, and where they meet a knee. RMSProp has a knee as well,
but at a multiple of the gradients it met lately. So the knee is measured after histories of small and of large
gradients: one that follows their scale is adaptation, not clipping.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from bench.probes.dynamics.runs import EARLY, runs
from bench.probes.dynamics.system import System
from bench.probes.reading import ABSENT, PRESENT, Reading, exact, share_of_runs, spread, undecided
from bench.scores.numbers import percent, power, significant

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Subject

PER_DECADE = 24
REACH = 10.0
"""The curve is followed up to this multiple of the largest gradient met."""
HISTORY = (0.01, 1.0)
"""Scales of the two histories, in units of the typical gradient."""
FIXED, FOLLOWS = 0.25, 0.5
"""Exponents of the knee over the history's scale: below, a fixed knee; above, one that follows the history."""


class Curves(NamedTuple):
    """Of N states, each (N,): largest |U|, slope at 0, knee = asymptote / slope, |g| where U / g is slope / 2.

    A curve that never falls to half its slope has no knee: asymptote, knee and half_point are infinite. NaN where U is
    not linear at the smallest gradients, or is zero.
    """

    asymptote: Any
    slope: Any
    knee: Any
    half_point: Any


def grid(low: float, high: float) -> np.ndarray:
    """Gradients (G,) from low to high, evenly spaced in log g."""
    return np.geomspace(low, high, max(int(PER_DECADE * math.log10(high / low)), 2))


def update_curves(system: System, h: np.ndarray, gradients: np.ndarray, t: int) -> np.ndarray:
    """U: (N, G) of states h: (N, n) at gradients: (G,) > 0 and step count t."""
    states = np.repeat(h, 2 * len(gradients), axis=0)
    signed = np.tile(np.concatenate([gradients, -gradients]), len(h))
    dx = system.step(states, signed, t)[1].reshape(len(h), 2, len(gradients))
    return (dx[:, 1] - dx[:, 0]) / 2


def describe(gradients: np.ndarray, curves: np.ndarray) -> Curves:
    """Asymptote, slope, knee and half point of curves: (N, G) over gradients: (G,)."""
    with np.errstate(all="ignore"):
        secants = curves / gradients
        slope = secants[:, 0].copy()
        silent = ~np.any(curves, axis=1)
        linear = silent | (np.abs(secants[:, PER_DECADE] / slope - 1) < 0.01)
        slope[~linear] = np.nan
        half = np.array([_half_point(gradients, ratio) for ratio in secants / slope[:, None]])
        asymptote = np.where(np.isinf(half), np.inf, np.max(np.abs(curves), axis=1))
        knee = np.where(silent, np.inf, asymptote / np.abs(slope))
    asymptote[~linear], knee[~linear], half[~linear] = np.nan, np.nan, np.nan
    return Curves(asymptote, slope, knee, half)


def _half_point(gradients: np.ndarray, ratio: np.ndarray) -> float:
    """Where the secant over the slope first falls to 1/2, interpolated on log-log axes; infinite if nowhere."""
    below = np.flatnonzero(ratio <= 0.5)
    if not len(below) or below[0] == 0:
        return math.inf
    i = below[0]
    x, y = np.log(gradients[i - 1 : i + 1]), np.log(np.maximum(ratio[i - 1 : i + 1], 1e-9))
    return float(np.exp(x[0] + (math.log(0.5) - y[0]) / (y[1] - y[0]) * (x[1] - x[0])))


def after_history(subject: Subject, scale: float) -> Curves:
    """The curves of 16 states reached from rest by `horizon` steps of Gaussian gradients of this scale."""
    generator = np.random.default_rng(1)
    gradients = scale * generator.standard_normal((subject.horizon, 16))
    start = np.tile(subject.base, (16, 1))
    states = subject.system.rollout(start, gradients, subject.settled, frozen=True)[0][-1]
    reach = max(REACH * subject.largest, 1e3 * subject.typical)
    points = grid(1e-5 * subject.typical, reach)
    return describe(points, update_curves(subject.system, states, points, subject.settled))


def probe(subject: Subject) -> Reading:
    """Is there a gradient of fixed size beyond which updates stop growing, and was it met?

    present: a knee within the visited gradients that stays put when the history's scale changes a hundredfold
    (`history_exponent` < 0.25). absent: no knee up to ten times the largest gradient, one that no gradient reached, or
    one that follows the history (exponent > 0.5, as in RMSProp). Values are at the resting state; their low and high
    are over 32 visited states; `…_initial` are at the initial state. `share_beyond` is the share of visited |g| beyond
    the knee, `…_early` of those of the first 20 steps, `…_late` of the others, with bootstrap intervals over runs;
    `share_beyond_initial` is of early gradients beyond the initial state's knee. `soft_clip_…` is the nearest A tanh(η
    g / A). An infinite knee is written as None.
    """
    system, t = subject.system, subject.settled
    points = grid(1e-5 * subject.typical, REACH * subject.largest)
    rest, *_ = _rows(describe(points, update_curves(system, subject.base[None], points, t)))
    first, *_ = _rows(describe(points, update_curves(system, system.h0[None], points, 0)))
    visited = describe(points, update_curves(system, subject.states, points, t))
    small, large = (_typical(after_history(subject, s * subject.typical).knee) for s in HISTORY)
    exponent = history_exponent(small, large)
    values = {name: spread(value, getattr(visited, name)) for name, value in rest._asdict().items()}
    values |= _shares(subject, rest.knee, first.knee)
    values |= {f"{name}_initial": exact(value) for name, value in first._asdict().items()}
    values |= {
        "knee_small_history": exact(small),
        "knee_large_history": exact(large),
        "history_exponent": exact(exponent),
        **_fits(subject),
        **_picture(subject),
    }
    verdict, sentence = _judge(subject, rest, exponent, values)
    return Reading(verdict, values, sentence) if sentence else undecided("clipping", verdict, values)


def history_exponent(small: float, large: float) -> float:
    """Of the knee over the history's scale. ±∞ where one history alone has a knee; NaN where one has no slope, or
    neither has a knee.
    """
    if not (small > 0 and large > 0):
        return math.nan
    return (math.log(large) - math.log(small)) / math.log(HISTORY[1] / HISTORY[0])


def _fits(subject: Subject) -> dict[str, Any]:
    """The soft clip nearest to the curve at rest, and to that at the start."""
    system = subject.system
    points = np.geomspace(1e-2 * subject.typical, REACH * subject.largest, 120)
    kinds = ("", subject.base, subject.settled), ("_initial", system.h0, 0)
    return {
        f"soft_clip_{name}{suffix}": exact(value)
        for suffix, state, t in kinds
        for name, value in soft_clip(points, update_curves(system, state[None], points, t)[0])._asdict().items()
    }


def _picture(subject: Subject) -> dict[str, Any]:
    """U at rest and at the start, and the share of visited |g| in the cell above each gradient."""
    system, size = subject.system, np.abs(subject.gradients)
    points = np.geomspace(1e-3 * subject.typical, REACH * subject.largest, 61)
    counts, _ = np.histogram(size, np.append(points, np.inf))
    return {
        "curve_gradients": points.tolist(),
        "curve": update_curves(system, subject.base[None], points, subject.settled)[0].tolist(),
        "curve_initial": update_curves(system, system.h0[None], points, 0)[0].tolist(),
        "density": (counts / len(size)).tolist(),
    }


def _rows(curves: Curves) -> list[Curves]:
    return [Curves(*row) for row in np.array(curves).T]


def _typical(knees: np.ndarray) -> float:
    """Median over the states that have a slope; infinite counts as very large."""
    kept = knees[~np.isnan(knees)]
    return float(np.sort(kept)[len(kept) // 2]) if len(kept) else math.nan


def _shares(subject: Subject, knee: float, knee_initial: float) -> dict[str, Any]:
    """Shares of gradients beyond a knee; None where there is no slope, hence no knee."""
    size = np.abs(runs(subject))
    parts = {
        "share_beyond": (size, knee),
        "share_beyond_early": (size[:, :EARLY], knee),
        "share_beyond_late": (size[:, EARLY:], knee),
        "share_beyond_initial": (size[:, :EARLY], knee_initial),
    }
    return {
        name: exact(None) if math.isnan(at) or not part.size else share_of_runs(part > at)
        for name, (part, at) in parts.items()
    }


def _judge(subject: Subject, rest: Curves, exponent: float, values: dict[str, Any]) -> tuple[str, str]:
    """Verdict and sentence; without a sentence the verdict is the reason for being undecided."""
    largest = significant(subject.largest)
    if exponent > FOLLOWS and math.isfinite(exponent):
        law = f"goes as (recent gradients)^{power(exponent)}"
        return ABSENT, f"clipping: none; the knee {law}, which is adaptation"
    if math.isnan(rest.slope):
        return "at rest the update is not linear in small gradients", ""
    if math.isinf(rest.knee):
        if rest.slope == 0:
            return ABSENT, "clipping: none; the update does not depend on the gradient"
        return ABSENT, f"clipping: none up to {REACH:g} times the largest gradient, {largest}"
    where = f"knee at {significant(rest.knee)}, updates at most {significant(rest.asymptote)}"
    if rest.knee > subject.largest:
        return ABSENT, f"clipping: {where}, but no gradient reached it (largest {largest})"
    if not abs(exponent) < FIXED:
        return f"{where}, but it shifts with the history (exponent {significant(exponent)})", ""
    beyond, early = (values[f"share_beyond{part}"]["value"] for part in ("", "_early"))
    shares = f"{percent(beyond)} of the gradients beyond it, {percent(early)} of the first {EARLY}"
    return PRESENT, f"clipping: {where}, {shares}"


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
