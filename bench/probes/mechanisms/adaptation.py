"""Adaptation: does the learning rate depend on the gradients met?

A constant gradient leads the optimizer to a state of its own, and there two rates are taken. The rate *at zero*,
−∂dx/∂g at g = 0, is what a small new gradient is multiplied by: constant for momentum and for a clip of the gradient,
1/|g| for RMSProp and Adam. But a memory that saturates lowers it as well, without adapting anything: it pushes the
update curve sideways, to where it is flat. The *centered* rate, the steepest slope of the curve over the gradients met
and where it crosses the update of rest, does not see that. And an untrained network's rates depend on the sign of the
state, up on one arm and down on the other. So the change is what both rates and both arms share, relative to rest.

What the rate follows is told by other histories of the same sizes. Alternating signs leave the size of gradients as it
is, take their persistence away, and turn the agreement of their signs around.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bench.probes.dynamics.constant_gradients import (
    MORE,
    STEPS,
    after_alternating,
    after_random,
    at_zero,
    centered,
    held,
    secants,
)
from bench.probes.reading import ABSENT, PRESENT, UNDECIDED, Reading, exact, log_slope, spread, undecided
from bench.scores.numbers import percent, power, significant

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Subject

DECADES = 5
POINTS = 11
NONE, SOME = 1.1, 1.2
"""Factor of the rate below which there is no adaptation, and from which on there is, if it lasts."""
DECADE = 3
"""Neighboring gradients that have to show it: an untrained network often does at one or two."""
SETTLED = math.log(1.05)
"""Largest change of the rate over MORE further steps of a constant gradient, unless it goes further the same way."""
LEAST = 1e-9
"""What is left of a rate that changes its sign."""
LEVEL = 0.5
"""Log-log slope of the change over the last decade below which it levels off; of RMSProp 1."""


class _Change(NamedTuple):
    """Over rest and G gradients: logarithms of rates, relative to rest's."""

    gradients: np.ndarray  # (G + 1,)
    each: np.ndarray  # (4, G + 1): at zero, both arms, and centered, both arms; NaN where it does not settle
    shared: np.ndarray  # (G + 1,)
    moved: np.ndarray  # (G + 1,): change of the rates over further steps
    alternating: np.ndarray  # (G + 1,)
    random: np.ndarray  # (G + 1,)

    @property
    def measured(self) -> np.ndarray:
        """Places of gradients, rest among them, at which all four rates are known."""
        return np.flatnonzero(np.isfinite(self.shared))

    @property
    def place(self) -> int:
        """Where it is most: the top of a rise, the end of a fall; where neither lasts, the largest shared."""
        size = self.shared[self.measured] * (1.0 if self.rise >= math.log(SOME) else -1.0)
        size = size if self.most >= math.log(SOME) else np.abs(size)
        return int(self.measured[np.flatnonzero(size >= size.max() - 1e-3)[-1]])

    @property
    def rise(self) -> float:
        """The most that is shared over a decade of gradients; a fall is negative."""
        return float(np.max(_lasting(self.shared)))

    @property
    def most(self) -> float:
        """Size of the rise or fall that lasts over a decade."""
        return max(self.rise, float(np.max(_lasting(-self.shared))))


def _lasting(logs: np.ndarray) -> np.ndarray:
    """Smallest of each DECADE of neighbors, −inf where one is not known."""
    windows = np.lib.stride_tricks.sliding_window_view(logs, DECADE)
    return np.where(np.isfinite(windows).all(axis=1), windows.min(axis=1), -np.inf)


@np.errstate(all="ignore")
def probe(subject: Subject) -> Reading:
    """Does the state that gradients lead to change the learning rate, which way, and what of them does it follow?

    Gradients are 11 over the five decades up to the largest one met, of both signs; each is held for 20 000 steps from
    rest and counts if 5000 more change the rate by less than 5 % or take it further the same way. Four rates, at zero
    and centered, on either arm, are taken over those at rest (at the smallest gradient that has one, where rest has
    none); if all lie on one side of 1, the nearest to it is what they share. present when that is ×1.2 over a decade of
    gradients; absent when it is nowhere ×1.1 and no arm alone has ×1.2; else undecided. `change`: the top of a rise,
    else the end of a fall, low and high those of the four; `last`: at the largest gradient. `shape`: falls, rises, or
    rises and falls again by ×1.2. `bounded`: over the last decade the change is less than |g|^±0.5 (`law`). `kind`:
    *sign agreement* where alternating gradients change the rate the other way, *size* where at least half as much (in
    logarithms), else *persistence*.

    `secants`: (dx(−g) − dx(g)) / 2g, what a lasting gradient is multiplied by; `slope` is its law, by saturation and
    adaptation alike. `asymmetry`: the largest difference of the arms' rates at zero over their sum.
    """
    gradients = subject.largest * np.geomspace(10.0**-DECADES, 1, POINTS)
    early, states = held(subject, gradients)
    rates = at_zero(subject, early, gradients)
    known = np.flatnonzero(np.isfinite(rates).all(axis=0))
    if not len(known):
        return undecided("adaptation", "after no constant gradient has it a rate: dx is not differentiable at g = 0")
    if np.any(rates[:, known[0]] < 0):
        return undecided("adaptation", "at rest its rate is negative: it climbs, and nothing can be compared with that")
    change = _change(subject, gradients, (early, states), int(known[0]))
    values = _values(change, rates, int(known[0]), secants(subject, early, gradients))
    if len(change.measured) < POINTS / 2:
        return undecided("adaptation", _unsettled(change), values)
    verdict = _judge(change)
    values |= _found(change, verdict)
    return Reading(verdict, values, f"adaptation: {_sentence(verdict, values, change)}")


def _change(subject: Subject, gradients: np.ndarray, states, rest: int) -> _Change:
    early, late = (relative(at_zero(subject, each, gradients), rest) for each in states)
    each = np.concatenate([early, relative(centered(subject, states[0]), rest)])
    moved, further = np.abs(late - early), np.sign(early) * (late - early) > 0
    settled = (moved < SETTLED) | (further & (np.abs(early) >= math.log(SOME)))
    each[:, ~settled.all(axis=0)] = np.nan
    runs = (
        _mean(at_zero(subject, after(subject, gradients), gradients)) for after in (after_alternating, after_random)
    )
    histories = [relative(rates, rest)[0] for rates in runs]
    return _Change(np.concatenate([[0.0], gradients]), each, common(each), moved.max(axis=0), *histories)


def _mean(rates: np.ndarray) -> np.ndarray:
    """(1, G): over the finite ones of k; NaN where there is none."""
    known = np.isfinite(rates)
    return np.sum(np.where(known, rates, 0.0), axis=0, keepdims=True) / known.sum(axis=0)


def relative(rates: np.ndarray, rest: int) -> np.ndarray:
    """log of rates (k, G + 1) over their value at place `rest`; a rate of the other sign has fallen to LEAST."""
    ratio = np.where(rates == rates[:, rest : rest + 1], 1.0, rates / rates[:, rest : rest + 1])
    return np.where(np.isfinite(ratio), np.log(np.maximum(ratio, LEAST)), np.nan)


def common(logs: np.ndarray) -> np.ndarray:
    """(G,): what changes (k, G), as logarithms, share: the smallest of one sign, else 0; NaN where one is not known."""
    agree = np.all(np.sign(logs) == np.sign(logs[:1]), axis=0)
    smallest = np.sign(logs[0]) * np.min(np.abs(logs), axis=0)
    return np.where(np.isfinite(logs).all(axis=0), np.where(agree, smallest, 0.0), np.nan)


def _judge(change: _Change) -> str:
    if change.most >= math.log(SOME):
        return PRESENT
    anywhere = np.nanmax(np.abs(change.shared))
    arms = [np.nanmax(np.abs(common(change.each[arm::2]))) for arm in (0, 1)]
    return ABSENT if anywhere < math.log(NONE) and max(arms) < math.log(SOME) else UNDECIDED


def _found(change: _Change, verdict: str) -> dict[str, Any]:
    """Shape, bound and kind of what was found, and the change itself."""
    place, four = change.place, np.exp(change.each[:, change.place])
    found = {
        "change": {"value": float(np.exp(change.shared[place])), "low": float(four.min()), "high": float(four.max())},
        "last": exact(float(np.exp(change.shared[change.measured[-1]]))),
        "alternating": exact(float(np.exp(change.alternating[place]))),
        "random": exact(float(np.exp(change.random[place]))),
        "law": exact(_law(change)),
        "shape": "steady",
        "bounded": None,
        "kind": None,
    }
    if verdict == PRESENT:
        found |= {"shape": _shape(change), "bounded": abs(_law(change)) < LEVEL, "kind": _kind(change)}
    return found


def _law(change: _Change) -> float:
    """d log change / d log |g| over the last decade that was measured."""
    last = change.measured[-1]
    first = change.measured[change.gradients[change.measured] >= 0.09 * change.gradients[last]][0]
    decade = math.log(change.gradients[last] / change.gradients[first])
    return float(change.shared[last] - change.shared[first]) / decade if decade else 0.0


def _shape(change: _Change) -> str:
    if change.rise < math.log(SOME):
        return "falls"
    after = change.measured[change.measured > change.place]
    fallen = common(change.each[:, after] - change.each[:, [change.place]])
    return "rises, then falls" if np.any(fallen <= -math.log(SOME)) else "rises"


def _kind(change: _Change) -> str:
    """What of the gradients the rate follows."""
    most, other = change.shared[change.place], change.alternating[change.place]
    if np.sign(other) != np.sign(most) and abs(other) >= math.log(NONE):
        return "sign agreement"
    return "size" if abs(other) >= 0.5 * abs(most) and np.sign(other) == np.sign(most) else "persistence"


def _values(change: _Change, rates: np.ndarray, rest: int, arms: np.ndarray) -> dict[str, Any]:
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


def _unsettled(change: _Change) -> str:
    kept, most = np.sum(change.measured > 0), np.nanmax(change.moved, initial=0.0)
    moved = f"after {STEPS} steps, {MORE} more change it by up to {percent(float(np.expm1(most)))}"
    return f"{kept} of {POINTS} constant gradients lead to a rate that stays: {moved}; it would take more that stay"


def _sentence(verdict: str, values: dict[str, Any], change: _Change) -> str:
    last = significant(change.gradients[change.measured[-1]])
    if verdict == PRESENT:
        end = f"levels off by {last}" if values["bounded"] else f"goes on as |g|^{power(_law(change))} up to {last}"
        runs = f"alternating gradients make it {_value(values, 'alternating')}, random ones {_value(values, 'random')}"
        found = f"the rate {values['shape']}, {_value(values, 'change')} {_rates(change, change.place)}; it {end}"
        mind = f"none if one of the four stayed within {_times(NONE)} everywhere"
        return f"{found}; {runs}: it follows their {values['kind']}; {mind}"
    where = int(change.measured[np.argmax(np.max(np.abs(change.each[:, change.measured]), axis=0))])
    most = (
        f"all four rates share {_value(values, 'change')} at most, up to |g| = {last}; largest {_rates(change, where)}"
    )
    mind = f"a claim if they shared {_times(SOME)} over a decade of gradients"
    if verdict == ABSENT:
        return f"none; {most}; {mind}"
    alone = np.nanmax(np.abs(change.shared)) < math.log(NONE)
    why = "what one arm shows the other does not" if alone else "what all four show does not last over a decade"
    return f"{verdict}; {why}; {most}; {mind}"


def _rates(change: _Change, place: int) -> str:
    """The four at a place."""
    zero, steepest = (
        " and ".join(_times(math.exp(x)) for x in change.each[part, place]) for part in (slice(2), slice(2, 4))
    )
    return f"under lasting ±{significant(change.gradients[place])} ({zero} at zero, {steepest} where steepest)"


def _value(values: dict[str, Any], name: str) -> str:
    return _times(values[name]["value"])


def _times(factor: float) -> str:
    return f"×{significant(factor)}"
