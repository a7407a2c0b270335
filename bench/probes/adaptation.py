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
    percent,
    power,
    spread,
)

if TYPE_CHECKING:
    from bench.probes.subject import Subject

DECADES = 5
POINTS = 11
NONE, SOME = 0.1, 1 / 3
"""Range of the local rate over its maximum below which there is no adaptation, above which there
is.
"""
SETTLED = 1e-3
"""Largest relative change of a secant over a hundred further steps at a fixed point."""
REACHED = 0.2
"""Largest relative difference of a secant at a fixed point from the one that relaxing reached.

Adam with β₂ = 0.999 is within 5 % after RELAXATION steps; Adadelta's fixed points are never
reached.
"""
RELAXATION = 2000


STREAMS = 4


def probe(subject: Subject) -> Reading:
    """Does the state that gradients lead to change the learning rate, and by what law?

    Gradients are 11 over the five decades up to the largest one met; both signs, averaged. present
    when the local rate varies by more than a third of its maximum, absent below a tenth, undecided
    between. `slope` (`slope_upper`: upper half of the range) is d log |secant| / d log |g|,
    `state_slope` the same of the local rate; their low and high are the range of slopes between
    neighboring gradients. Gradients that lead to no fixed point have None in the lists;
    `residual` is the largest relative change of the other secants over a hundred more steps.
    `history_rates` and `history_slope` are of the local rate after a run of Gaussian gradients of
    each size. They give the verdict when fewer than half of the constant gradients lead to a fixed
    point (Adagrad).
    """
    gradients = subject.largest * np.geomspace(10.0**-DECADES, 1, POINTS)
    states, reached = _hold(subject, gradients)
    secants = _secants(subject, states, gradients)
    residuals = _change(_secants(subject, _settle(subject, states, gradients), gradients), secants)
    distance = _change(_secants(subject, reached, gradients), secants)
    kept = (residuals < SETTLED) & (distance < REACHED)
    local = np.where(kept, _local_rates(subject, states, gradients), np.nan)
    secants[~kept] = np.nan
    after = _local_rates(subject, _histories(subject, gradients), gradients)
    values = _values(gradients, secants, local, residuals[kept], after)
    held = kept.sum() >= POINTS / 2
    varied = values["variation" if held else "history_variation"]["value"]
    verdict = graded(varied, NONE, SOME)
    text = _sentence if held else _sentence_of_history
    reach = gradients[kept][-1] if held else gradients[-1]
    return Reading(verdict, values, f"adaptation: {text(verdict, values, reach)}")


def _change(after: np.ndarray, before: np.ndarray) -> np.ndarray:
    """|after / before − 1|; 0 where both are zero, not finite where either is not."""
    with np.errstate(all="ignore"):
        return np.where((after == 0) & (before == 0), 0.0, np.abs(after / before - 1))


def _hold(subject: Subject, gradients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """h*(±g) by Newton and the states that relaxing really reached, both (2 G, n).

    Where Newton fails the relaxed states stand for h*(±g).
    """
    system, t = subject.system, subject.settled
    signed = np.concatenate([gradients, -gradients])
    start = np.tile(subject.base, (len(signed), 1))
    relaxed = system.relax(start, signed, t, RELAXATION)
    points, residuals = solve(system, relaxed, signed, t)
    return np.where((residuals < 1e-6)[:, None], points, relaxed), relaxed


def _histories(subject: Subject, gradients: np.ndarray) -> np.ndarray:
    """States (STREAMS G, n) after `horizon` Gaussian gradients of each size, from rest."""
    generator = np.random.default_rng(2)
    sizes = np.tile(gradients, STREAMS)
    draws = generator.standard_normal((subject.horizon, STREAMS, 1)) + np.zeros((1, 1, POINTS))
    run = sizes * draws.reshape(subject.horizon, -1)
    start = np.tile(subject.base, (len(sizes), 1))
    return subject.system.rollout(start, run, subject.settled, frozen=True)[0][-1]


def _settle(subject: Subject, states: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    signed = np.concatenate([gradients, -gradients])
    return subject.system.relax(states, signed, subject.settled, 100)


def _secants(subject: Subject, states: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """(dx(−g) − dx(g)) / 2g: (G,) at the states (2 G, n) of +g and −g."""
    signed = np.concatenate([gradients, -gradients])
    dx = subject.system.step(states, signed, subject.settled)[1]
    return (dx[len(gradients) :] - dx[: len(gradients)]) / (2 * gradients)


def _local_rates(subject: Subject, states: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """−∂dx/∂g at g = 0: (G,), mean over the k states of each gradient in states: (k G, n).

    Difference steps of g / 1000, checked against g / 100; NaN where they disagree.
    """
    rates = []
    for part in (1e-3, 1e-2):
        size = part * np.tile(gradients, len(states) // len(gradients))
        up, down = (subject.system.step(states, s * size, subject.settled)[1] for s in (1, -1))
        rates.append(((down - up) / (2 * size)).reshape(-1, len(gradients)).mean(axis=0))
    with np.errstate(all="ignore"):
        unstable = np.abs(rates[1] - rates[0]) > 0.02 * np.abs(rates[0])
    return np.where(unstable, np.nan, rates[0])


def _values(gradients, secants, local, residuals, after) -> dict[str, Any]:
    upper = len(gradients) // 2
    return {
        "slope": _slope(gradients, secants),
        "slope_upper": _slope(gradients[upper:], secants[upper:]),
        "state_slope": _slope(gradients, local),
        "history_slope": _slope(gradients, after),
        "variation": exact(_variation(local)),
        "history_variation": exact(_variation(after)),
        "residual": exact(float(np.max(residuals, initial=0.0))),
        "gradients": gradients.tolist(),
        "secants": secants.tolist(),
        "local_rates": local.tolist(),
        "history_rates": after.tolist(),
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
    secant = f"the answer to a constant gradient goes as |g|^{power(slope)}"
    change = f"the local rate changes by {percent(varied)} up to |g| = {number(largest)}"
    if verdict == PRESENT:
        return f"{change} (log-log slope {power(law)}), {secant}"
    return f"{'none' if verdict == ABSENT else verdict}; {change}, {secant}"


def _sentence_of_history(verdict: str, values: dict[str, Any], largest: float) -> str:
    law, varied = (values[n]["value"] for n in ("history_slope", "history_variation"))
    if law is None or not np.isfinite(varied):
        return "undecided; constant gradients lead to no fixed point, random ones to no rate"
    change = f"the local rate changes by {percent(varied)} with the size of random gradients"
    text = f"{change}, up to {number(largest)} (log-log slope {power(law)})"
    return text if verdict == PRESENT else f"{'none' if verdict == ABSENT else verdict}; {text}"
