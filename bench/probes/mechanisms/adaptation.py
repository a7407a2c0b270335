"""Adaptation: does the learning rate depend on the gradients met?

A constant gradient leads the optimizer to a state of its own, and there two rates are taken. The rate *at zero*,
−∂dx/∂g at g = 0, is what a small new gradient is multiplied by: constant for momentum and for a clip of the gradient,
1/|g| for RMSProp and Adam. But a memory that saturates lowers it as well, without adapting anything: it pushes the
update curve sideways, to where it is flat. The *centered* rate, the steepest slope on the way to the gradient that
cancels what the state carries, does not see that. And an untrained network's rates depend on the sign of the state, up
on one arm and down on the other. So the change is what both rates and both arms share, relative to rest.

What the rate follows is told by other histories of the same sizes. Alternating signs leave the size of gradients as it
is, take their persistence away, and turn the agreement of their signs around.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.probes.dynamics.constant_gradients import MORE, STEPS, at_zero, held, secants
from bench.probes.mechanisms.rate_changes import LEVEL, NONE, SOME, Changes, measure
from bench.probes.reading import ABSENT, PRESENT, Reading, exact, log_slope, spread, undecided
from bench.scores.numbers import percent, power, significant

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Subject

DECADES = 5
POINTS = 11


@np.errstate(all="ignore")
def probe(subject: Subject) -> Reading:
    """Does the state that gradients lead to change the learning rate, which way, and what of them does it follow?

    Gradients are 11 over the five decades up to the largest one met, of both signs; each is held for 20 000 steps from
    rest and counts if 5000 more change the rate by less than 5 % or take it further the same way. Four rates, at zero
    and centered, on either arm, are taken over those at rest (at the smallest gradient that has one, where rest has
    none; a rise of the centered ones is over the steepest slope of rest's own curve); if all lie on one side of 1, the
    nearest to it is what they share. present when that is ×1.2 over a decade of gradients; absent when it is nowhere
    ×1.1 and no arm alone has ×1.2; else undecided. `change`: the top of a rise, else the end of a fall, low and high
    those of the four; `last`: at the largest gradient. `shape`: falls, rises, or rises and falls again by ×1.2.
    `bounded`: over the last decade the change is less than |g|^±0.5 (`law`). `kind`: *sign agreement* where alternating
    gradients change the rate the other way, *size* where at least half as much (in logarithms), else *persistence*.

    `secants`: (dx(−g) − dx(g)) / 2g, what a lasting gradient is multiplied by; `slope` is its law, by saturation and
    adaptation alike. `asymmetry`: the largest difference of the arms' rates at zero over their sum.
    """
    gradients = subject.largest * np.geomspace(10.0**-DECADES, 1, POINTS)
    early, states = held(subject, gradients)
    rates = at_zero(subject, early, gradients)
    known = np.flatnonzero(np.isfinite(rates).all(axis=0))
    if not len(known):
        return undecided("adaptation", "it has no rate after any constant gradient: dx is not differentiable at g = 0")
    if np.any(rates[:, known[0]] < 0):
        return undecided(
            "adaptation", "at rest its rate is negative (it climbs), so no other rate can be compared with it"
        )
    change = measure(subject, gradients, (early, states), int(known[0]))
    values = _values(change, rates, int(known[0]), secants(subject, early, gradients))
    if len(change.measured) < POINTS / 2:
        return undecided("adaptation", _unsettled(change), values)
    verdict = change.verdict
    values |= _found(change, verdict)
    return Reading(verdict, values, f"adaptation: {_sentence(verdict, values, change)}")


def _found(change: Changes, verdict: str) -> dict[str, Any]:
    """Shape, bound and kind of what was found, and the change itself."""
    place, four = change.place, np.exp(change.each[:, change.place])
    found: dict[str, Any] = {
        "change": {"value": float(np.exp(change.shared[place])), "low": float(four.min()), "high": float(four.max())},
        "last": exact(float(np.exp(change.shared[change.measured[-1]]))),
        "alternating": exact(float(np.exp(change.alternating[place]))),
        "random": exact(float(np.exp(change.random[place]))),
        "law": exact(change.law),
        "shape": "steady",
        "bounded": None,
        "kind": None,
    }
    if verdict == PRESENT:
        found |= {"shape": change.shape, "bounded": abs(change.law) < LEVEL, "kind": change.kind}
    return found


def _values(change: Changes, rates: np.ndarray, rest: int, arms: np.ndarray) -> dict[str, Any]:
    gradients, mean = change.gradients[1:], arms.mean(axis=0)
    between = np.diff(np.log(np.abs(mean))) / np.diff(np.log(gradients))
    apart = np.abs(rates[0] - rates[1]) / np.abs(rates).sum(axis=0)
    each = np.exp(change.each[:, 1:]).tolist()
    return {
        "slope": spread(log_slope(gradients, mean) if np.any(mean) else 0.0, between),
        "asymmetry": exact(float(np.nanmax(apart, initial=0.0))),
        "rate_at_rest": exact(float(rates[:, rest].mean())),
        "reference": exact(float(change.gradients[rest])),
        "residual": exact(float(np.expm1(np.nanmax(change.moved, initial=0.0)))),
        "gradients": gradients.tolist(),
        "at_zero": each[:2],
        "centred": each[2:],
        "shared": np.exp(change.shared[1:]).tolist(),
        "alternating_rates": np.exp(change.alternating[1:]).tolist(),
        "random_rates": np.exp(change.random[1:]).tolist(),
        "secants": mean.tolist(),
    }


def _unsettled(change: Changes) -> str:
    kept, most = np.sum(change.measured > 0), np.nanmax(change.moved, initial=0.0)
    moved = f"after {STEPS} steps, {MORE} more change it by up to {percent(float(np.expm1(most)))}"
    return f"{kept} of {POINTS} constant gradients lead to a settled rate: {moved}"


def _sentence(verdict: str, values: dict[str, Any], change: Changes) -> str:
    last = significant(change.gradients[change.measured[-1]])
    if verdict == PRESENT:
        end = f"levels off by {last}" if values["bounded"] else f"goes on as |g|^{power(change.law)} up to {last}"
        runs = f"alternating gradients make it {_value(values, 'alternating')}, random ones {_value(values, 'random')}"
        found = f"the rate {values['shape']}, {_value(values, 'change')} {_rates(change, change.place)}; it {end}"
        follows = f"it follows their {values['kind']}" if values["kind"] else "size or signs, that is not known"
        return f"{found}; {runs}: {follows}"
    where = int(change.measured[np.argmax(np.max(np.abs(change.each[:, change.measured]), axis=0))])
    shared = f"all four rates share {_value(values, 'change')} at most, up to |g| = {last}"
    found = f"{shared}; largest {_rates(change, where)}"
    if verdict == ABSENT:
        return f"none; {found}"
    alone = np.nanmax(np.abs(change.shared)) < math.log(NONE)
    why = (
        "one sign of the gradient shows it, the other does not"
        if alone
        else f"not {_times(SOME)} over a decade of gradients"
    )
    return f"{verdict}; {why}: {found}"


def _rates(change: Changes, place: int) -> str:
    """The four at a place."""
    zero, centered = (
        " and ".join(_times(math.exp(x)) for x in change.each[part, place]) for part in (slice(2), slice(2, 4))
    )
    return f"under lasting ±{significant(change.gradients[place])} ({zero} at zero, {centered} centered)"


def _value(values: dict[str, Any], name: str) -> str:
    return _times(values[name]["value"])


def _times(factor: float) -> str:
    return f"×{significant(factor)}"
