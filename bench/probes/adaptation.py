"""Adaptation: does the learning rate depend on the gradients met?

A constant gradient g holds the optimizer at an input-dependent fixed point h*(g). There two rates
are measured. The secant (dx(−g) − dx(g)) / 2g is what a lasting gradient of that size is multiplied
by; it falls by saturation and by adaptation alike. The local rate, −∂dx/∂g at g = 0 in the state
h*(g), is what a small new gradient is multiplied by, and only the state can change it: constant for
momentum and for a clip of the gradient, 1/|g| for RMSProp and Adam. The verdict rests on the local
rate. Saturation behind the memory (a clipped velocity) is in the state, and counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bench.probes.fixed_points import solve
from bench.probes.reading import (
    ABSENT,
    PRESENT,
    Reading,
    exact,
    graded,
    log_slope,
    number,
    spread,
    undecided,
)

if TYPE_CHECKING:
    from bench.probes.subject import Subject

DECADES = 5
POINTS = 11
NONE, SOME = 0.02, 0.1
"""Range of the local rate over its maximum below which there is no adaptation, above which there
is.
"""
SETTLED = 1e-3
"""Largest relative change of a secant over a hundred further steps at a fixed point."""
RELAXATION = 300


def probe(subject: Subject) -> Reading:
    """Does the state that a constant gradient leads to change the learning rate, and by what law?

    Gradients are 11 over the five decades up to the largest one met; both signs, averaged. present
    when the local rate varies by more than 10 % of its maximum, absent below 2 %; undecided
    between, or when fewer than half of the gradients lead to a fixed point. `slope` (`slope_upper`:
    upper half of the range) is d log |secant| / d log |g|, `state_slope` the same of the local
    rate; their low and high are the range of slopes between neighboring gradients. `residual` is
    the largest relative change of a secant over a hundred more steps. Gradients without a fixed
    point have None in the lists.
    """
    gradients = subject.largest * np.geomspace(10.0**-DECADES, 1, POINTS)
    states = _hold(subject, gradients)
    secants = _secants(subject, states, gradients)
    later = _secants(subject, _settle(subject, states, gradients), gradients)
    with np.errstate(all="ignore"):
        residuals = np.where(later == secants, 0.0, np.abs(later / secants - 1))
    kept = residuals < SETTLED
    local = _local_rates(subject, states, gradients)
    secants[~kept], local[~kept] = np.nan, np.nan
    values = _values(gradients, secants, local, residuals[kept])
    if kept.sum() < POINTS / 2:
        reason = f"only {kept.sum()} of {POINTS} constant gradients lead to a fixed point"
        return undecided("adaptation", reason, values)
    verdict = graded(values["variation"]["value"], NONE, SOME)
    return Reading(verdict, values, _sentence(verdict, values, gradients[-1]))


def _hold(subject: Subject, gradients: np.ndarray) -> np.ndarray:
    """h*(±g): (2 G, n): relaxed for 300 steps, then Newton; rows where Newton fails stay as
    relaxed.
    """
    signed = np.concatenate([gradients, -gradients])
    start = np.tile(subject.base, (len(signed), 1))
    relaxed = subject.system.relax(start, signed, subject.settled, RELAXATION)
    points, residuals = solve(subject.system, relaxed, signed, subject.settled)
    return np.where((residuals < 1e-6)[:, None], points, relaxed)


def _settle(subject: Subject, states: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    signed = np.concatenate([gradients, -gradients])
    return subject.system.relax(states, signed, subject.settled, 100)


def _secants(subject: Subject, states: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """(dx(−g) − dx(g)) / 2g: (G,) at the states (2 G, n) of +g and −g."""
    signed = np.concatenate([gradients, -gradients])
    dx = subject.system.step(states, signed, subject.settled)[1]
    return (dx[len(gradients) :] - dx[: len(gradients)]) / (2 * gradients)


def _local_rates(subject: Subject, states: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """−∂dx/∂g at g = 0: (G,), mean over the states (2 G, n) of +g and −g; steps of g / 1000,
    checked against g / 100.
    """
    rates = []
    for part in (1e-3, 1e-2):
        size = part * np.tile(gradients, 2)
        up, down = (subject.system.step(states, s * size, subject.settled)[1] for s in (1, -1))
        rates.append(((down - up) / (2 * size)).reshape(2, -1).mean(axis=0))
    with np.errstate(all="ignore"):
        unstable = np.abs(rates[1] - rates[0]) > 0.02 * np.abs(rates[0])
    return np.where(unstable, np.nan, rates[0])


def _values(gradients, secants, local, residuals) -> dict[str, Any]:
    upper = len(gradients) // 2
    return {
        "slope": _slope(gradients, secants),
        "slope_upper": _slope(gradients[upper:], secants[upper:]),
        "state_slope": _slope(gradients, local),
        "variation": exact(_variation(local)),
        "residual": exact(float(np.max(residuals, initial=0.0))),
        "gradients": gradients.tolist(),
        "secants": secants.tolist(),
        "local_rates": local.tolist(),
    }


def _slope(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Log-log slope, low and high over neighboring points; 0 where y is zero throughout."""
    if not np.any(y[np.isfinite(y)]):
        return exact(0.0) if np.isfinite(y).any() else exact(None)
    with np.errstate(all="ignore"):
        between = np.diff(np.log(np.abs(y))) / np.diff(np.log(x))
    return spread(log_slope(x, y), between)


def _variation(rates: np.ndarray) -> float:
    """(largest − smallest) / largest |rate| over the finite ones; NaN for fewer than two."""
    kept = rates[np.isfinite(rates)]
    if len(kept) < 2:
        return float("nan")
    size = float(np.max(np.abs(kept)))
    return float(np.ptp(kept)) / size if size > 0 else 0.0


def _sentence(verdict: str, values: dict[str, Any], largest: float) -> str:
    slope, law, varied = (values[n]["value"] for n in ("slope", "state_slope", "variation"))
    secant = f"the answer to a constant gradient goes as |g|^{number(slope)}"
    change = f"the local rate varies by {100 * varied:.2g} % up to |g| = {number(largest)}"
    if verdict == ABSENT:
        return f"adaptation: none; {change}, {secant}"
    if verdict == PRESENT:
        return f"adaptation: {change}, as |g|^{number(law)}; {secant}"
    return f"adaptation: undecided; {change}; {secant}"
