"""Adaptation: does the learning rate depend on the gradients met?

A constant gradient g holds the optimizer at an input-dependent fixed point h*(g). There two rates are measured. The
secant (dx(−g) − dx(g)) / 2g is what a lasting gradient of that size is multiplied by; it falls by saturation and by
adaptation alike. The local rate, −∂dx/∂g at g = 0 in the state h*(g), is what a small new gradient is multiplied by,
and only the state can change it: constant for momentum and for a clip of the gradient, 1/|g| for RMSProp and Adam.

A memory that saturates changes the local rate as well, without adapting anything: tanh of a velocity answers less while
it is pushed, and fully again once the velocity is gone. So each state is also braked, by gradients of the same size,
until it carries no update, and the rate is taken again: braking undoes saturation, an accumulator of sizes it leaves as
it was. And an untrained network's rate depends on the sign of the state, up on one arm and down on the other; only what
both arms have in common counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bench.probes.dynamics.constant_gradients import brake, histories, hold, local_rates, secants, settle
from bench.probes.reading import ABSENT, PRESENT, UNDECIDED, Reading, exact, log_slope, spread
from bench.scores.numbers import percent, power, significant

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Subject

DECADES = 5
POINTS = 11
NONE, SOME = 0.1, 1 / 3
"""Change of the rate below which there is no adaptation, above which there is."""
SETTLED = 1e-3
"""Largest relative change of a secant over a hundred further steps at a fixed point."""
REACHED = 0.2
"""Largest relative difference of a secant at a fixed point from the one that relaxing reached.

Adam with β₂ = 0.999 is within 5 % after RELAXATION steps; Adadelta's fixed points are never reached.
"""
BRAKED = 0.1
"""Largest part of the carried update that braking may leave."""
SATURATED = 0.1
"""Fall of a secant below which nothing is said about where it comes from."""


def probe(subject: Subject) -> Reading:
    """Does the state that gradients lead to change the learning rate, and by what law?

    Gradients are 11 over the five decades up to the largest one met, of both signs. Four changes of the local rate,
    each relative to the smallest gradients and signed: at fixed points (`change`, the smaller of the two arms', 0 where
    they differ in sign), there after braking (`change_braked`), after runs of Gaussian gradients of each size
    (`history_change`) and after braking those (`history_change_braked`). present when all are beyond a third, of the
    same sign; absent when either the two unbraked or the two braked are below a tenth; else undecided. Where fewer than
    half of the constant gradients lead to a fixed point (Adagrad), only histories count.

    `slope` (`slope_upper`: upper half of the range; `slope_positive`, `slope_negative`: arms) is d log |secant| / d log
    |g|, `state_slope` the same of the local rate; their low and high are the range of slopes between neighboring
    gradients. `state_share` is the part of the secant's fall that the local rate shares: 1 for RMSProp, 0 for a clip.
    `asymmetry` is the largest difference of the arms' secants over their sum. Gradients that lead to no fixed point
    have None in the lists; `residual` is the largest relative change of the other secants over a hundred more steps.
    """
    gradients = subject.largest * np.geomspace(10.0**-DECADES, 1, POINTS)
    states, reached = hold(subject, gradients)
    arms = secants(subject, states, gradients)
    mean = arms.mean(axis=0)
    residuals = _change(secants(subject, settle(subject, states, gradients), gradients).mean(0), mean)
    distance = _change(secants(subject, reached, gradients).mean(axis=0), mean)
    kept = (residuals < SETTLED) & (distance < REACHED)
    arms[:, ~kept] = np.nan
    local = np.where(kept, local_rates(subject, states, gradients), np.nan)
    values = _values(gradients, arms, local, residuals[kept])
    values |= _changes(subject, gradients, states, local, kept)
    held = bool(kept.sum() >= POINTS / 2)
    verdict = _judge(values, held)
    reach = float(gradients[kept][-1] if held else gradients[-1])
    return Reading(verdict, values, f"adaptation: {_sentence(verdict, values, held, reach)}")


def _change(after: np.ndarray, before: np.ndarray) -> np.ndarray:
    """|after / before − 1|; 0 where both are zero, not finite where either is not."""
    with np.errstate(all="ignore"):
        return np.where((after == 0) & (before == 0), 0.0, np.abs(after / before - 1))


def common_change(arms: np.ndarray) -> float:
    """The largest change over G that all arms (k, G) of a rate share, in [−1, 1]; negative: a fall.

    Of each arm at each gradient: r / r₀ − 1 for a fall, 1 − r₀ / r for a rise, r₀ that arm's at the smallest gradient
    where every arm is finite. NaN for fewer than two such gradients.
    """
    finite = arms[:, np.isfinite(arms).all(axis=0)]
    if finite.shape[1] < 2:
        return np.nan
    with np.errstate(all="ignore"):
        ratio = np.nan_to_num(finite / finite[:, :1], nan=1.0)
        each = np.where(ratio > 1, 1 - 1 / np.maximum(ratio, 1), np.maximum(ratio - 1, -1))
    agree = np.all(np.sign(each) == np.sign(each[0]), axis=0)
    shared = np.where(agree, np.sign(each[0]) * np.min(np.abs(each), axis=0), 0.0)
    return float(shared[np.argmax(np.abs(shared))])


def _changes(subject, gradients, states, local, kept) -> dict[str, Any]:
    """The four changes of the local rate, and what braking left of the carried updates."""
    braked, left = brake(subject, states, gradients)
    braked_rates = np.where(kept, local_rates(subject, braked, gradients), np.nan)
    left = np.where(kept, left.reshape(2, -1), np.nan)
    after = histories(subject, gradients)
    rates = local_rates(subject, after, gradients)
    calm, rest = brake(subject, after, gradients)
    calm_rates = local_rates(subject, calm, gradients)
    named = {
        "change": local,
        "change_braked": _where_braked(braked_rates, left),
        "history_change": rates.mean(axis=0, keepdims=True),
        "history_change_braked": _mean_where_braked(calm_rates, rest.reshape(calm_rates.shape)),
    }
    history = named["history_change"][0]
    return {
        **{name: exact(common_change(arms)) for name, arms in named.items()},
        "history_slope": _slope(gradients, history),
        "history_variation": exact(_variation(history)),
        "braked_rates": named["change_braked"].mean(axis=0).tolist(),
        "history_rates": history.tolist(),
        "history_braked_rates": named["history_change_braked"][0].tolist(),
    }


def _where_braked(rates: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Rates without those of states that still carry an update."""
    return np.where(left <= BRAKED, rates, np.nan)


def _mean_where_braked(rates: np.ndarray, left: np.ndarray) -> np.ndarray:
    """(1, G): mean over the streams that were braked; NaN where fewer than half were."""
    kept = np.isfinite(_where_braked(rates, left))
    sums = np.sum(np.where(kept, rates, 0.0), axis=0)
    count = kept.sum(axis=0)
    return np.where(count >= len(rates) / 2, sums / np.maximum(count, 1), np.nan)[None]


def _judge(values: dict[str, Any], held: bool) -> str:
    plain, braked = ["history_change"], ["history_change_braked"]
    if held:
        plain, braked = ["change", *plain], ["change_braked", *braked]
    plain, braked = ([values[name]["value"] for name in names] for names in (plain, braked))
    every = np.array([*plain, *braked])
    if np.all(every > SOME) or np.all(every < -SOME):
        return PRESENT
    if any(np.all(np.abs(pair) < NONE) for pair in (plain, braked)):
        return ABSENT
    return UNDECIDED


def _values(gradients, arms, local, residuals) -> dict[str, Any]:
    upper = len(gradients) // 2
    mean, rates = arms.mean(axis=0), local.mean(axis=0)
    return {
        "slope": _slope(gradients, mean),
        "slope_upper": _slope(gradients[upper:], mean[upper:]),
        "slope_positive": _slope(gradients, arms[0]),
        "slope_negative": _slope(gradients, arms[1]),
        "state_slope": _slope(gradients, rates),
        "state_slope_positive": _slope(gradients, local[0]),
        "state_slope_negative": _slope(gradients, local[1]),
        "state_share": exact(_state_share(mean, rates)),
        "asymmetry": exact(_asymmetry(arms)),
        "variation": exact(_variation(rates)),
        "residual": exact(float(np.max(residuals, initial=0.0))),
        "gradients": gradients.tolist(),
        "secants": mean.tolist(),
        "secants_positive": arms[0].tolist(),
        "secants_negative": arms[1].tolist(),
        "local_rates": rates.tolist(),
        "local_rates_positive": local[0].tolist(),
        "local_rates_negative": local[1].tolist(),
    }


def _slope(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Log-log slope, low and high over neighboring points; 0 where y is zero throughout."""
    if not np.any(y[np.isfinite(y)]):
        return exact(0.0) if np.isfinite(y).any() else exact(None)
    with np.errstate(all="ignore"):
        between = np.diff(np.log(np.abs(y))) / np.diff(np.log(x))
    return spread(log_slope(x, y), between)


def _state_share(secant: np.ndarray, rates: np.ndarray) -> float | None:
    """Log change of the local rate over that of the secant, smallest to largest gradient held."""
    kept = np.flatnonzero((secant > 0) & (rates > 0))
    if len(kept) < 2:
        return None
    fall, shared = (float(np.log(y[kept[-1]] / y[kept[0]])) for y in (secant, rates))
    return shared / fall if abs(fall) > SATURATED else None


def _asymmetry(arms: np.ndarray) -> float | None:
    kept = arms[:, np.isfinite(arms).all(axis=0)]
    size = np.abs(kept).sum(axis=0)
    kept, size = kept[:, size > 0], size[size > 0]
    return float(np.max(np.abs(kept[0] - kept[1]) / size)) if len(size) else None


def _variation(rates: np.ndarray) -> float:
    """(largest − smallest) / largest |rate| over the finite ones; NaN for fewer than two."""
    kept = rates[np.isfinite(rates)]
    if len(kept) < 2:
        return float("nan")
    size = float(np.max(np.abs(kept)))
    return float(np.ptp(kept)) / size if size > 0 else 0.0


def _sentence(verdict: str, values: dict[str, Any], held: bool, largest: float) -> str:
    """held: constant gradients lead to fixed points, the largest such being `largest`."""
    text = _at_fixed_points if held else _after_histories
    said = text(verdict, values, largest)
    return said if verdict == PRESENT else f"{'none' if verdict == ABSENT else verdict}; {said}"


def _at_fixed_points(verdict: str, values: dict[str, Any], largest: float) -> str:
    slope, law = (values[name]["value"] for name in ("slope", "state_slope"))
    secant = f"the answer to a constant gradient goes as |g|^{power(slope)}"
    if verdict == ABSENT and abs(_value(values, "change")) >= 0.1:
        kept = f"but only while an update is carried; without one it {_moves(values, 'change_braked')}"
        return f"the local rate {_moves(values, 'change')} up to |g| = {significant(largest)}, {kept}, {secant}"
    change = f"the local rate {_moves(values, 'change')} up to |g| = {significant(largest)}"
    if verdict == PRESENT:
        return f"{change} (log-log slope {power(law)}), {secant}"
    if verdict == ABSENT:
        return f"{change}, {secant}"
    after = f"{_moves(values, 'change_braked')} without a carried update"
    return f"{change}, {after}, {_moves(values, 'history_change')} after random ones; {secant}"


def _after_histories(verdict: str, values: dict[str, Any], largest: float) -> str:
    change = _value(values, "history_change")
    if not np.isfinite(change):
        return "constant gradients lead to no fixed point, random ones to no rate"
    law = values["history_slope"]["value"]
    moved = f"the local rate {_moves(values, 'history_change')} with the size of random gradients"
    return f"{moved}, up to {significant(largest)} (log-log slope {power(law)})"


def _value(values: dict[str, Any], name: str) -> float:
    value = values[name]["value"]
    return float("nan") if value is None else value


def _moves(values: dict[str, Any], name: str) -> str:
    """ "falls by 62 %", "rises by 20 %", "stays", of a change in [−1, 1]."""
    change = _value(values, name)
    if not np.isfinite(change):
        return "is not known"
    if abs(change) < 5e-4:
        return "stays"
    size = -change if change < 0 else change / max(1 - change, 1e-9)
    return f"{'falls' if change < 0 else 'rises'} by {percent(size)}"
