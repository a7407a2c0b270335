"""The claim, judged over meta-seeds: "falls under large gradients when young, sign agreement when grown"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bench.studies.along.row import Numbers
from bench.studies.paper.rules import HELD, NOT_DECIDABLE, NOT_HELD

NEAR = 2.0
"""Weights are trained when their score is at most this multiple of the best of their series."""
SOME, NONE = 1.2, 1.1
"""A factor beyond the first is a change, one below the second none."""

Rows = Mapping[int, Numbers]
"""{iteration: numbers} of a series, ascending."""


class Ages(NamedTuple):
    """Iterations of the weights called young and grown: the first and the last trained ones."""

    young: int
    grown: int


class Part(NamedTuple):
    """A factor claimed to be above 1 (`rises`) or below: geometric mean over series, 95 % interval by Student's t."""

    name: str
    what: str
    rises: bool
    values: tuple[float | None, ...]
    value: float | None
    low: float | None
    high: float | None
    verdict: str


def ages(rows: Rows) -> Ages:
    """The first and the last kept weights with a score of at most twice the best; the untrained start is neither."""
    scores = {iteration: row.score for iteration, row in rows.items() if iteration > 0 or len(rows) == 1}
    best = min(scores.values())
    trained = [iteration for iteration, score in scores.items() if score <= NEAR * best]
    return Ages(trained[0], trained[-1])


def parts(series: Sequence[Rows]) -> list[Part]:
    """Every part of the claim, in order."""
    at = [(rows[found.young], rows[found.grown]) for rows in series for found in [ages(rows)]]
    return [_part(name, what, rises, [read(*pair) for pair in at]) for name, what, rises, read in _PARTS]


def together(found: Sequence[Part]) -> str:
    """ "held" if every part of the claim is, "not held" if one is not, else "not decidable"."""
    words = [part.verdict for part in found if part.name in CLAIMED]
    if NOT_HELD in words:
        return NOT_HELD
    return HELD if all(word == HELD for word in words) else NOT_DECIDABLE


def mean_of(factors: Sequence[float] | np.ndarray) -> tuple[float, float | None, float | None]:
    """Geometric mean of factors and its 95 % interval by Student's t, None for fewer than two."""
    from scipy.stats import t

    logs = np.log(np.asarray(factors, float))
    value = float(logs.mean())
    if len(logs) < 2:
        return float(np.exp(value)), None, None
    width = float(t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / np.sqrt(len(logs)))
    return float(np.exp(value)), float(np.exp(value - width)), float(np.exp(value + width))


def _part(name: str, what: str, rises: bool, values: Sequence[float | None]) -> Part:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return Part(name, what, rises, tuple(values), None, None, None, NOT_DECIDABLE)
    value, low, high = mean_of(known)
    return Part(name, what, rises, tuple(values), value, low, high, judge(rises, value, low, high))


def judge(rises: bool, value: float, low: float | None, high: float | None) -> str:
    """Held: a change by SOME, the interval beyond 1; not held: the interval below NONE; of falls the inverse."""
    if low is None or high is None:
        return NOT_DECIDABLE
    if not rises:
        value, low, high = 1 / value, 1 / high, 1 / low
    if value >= SOME and low > 1:
        return HELD
    return NOT_HELD if high < NONE else NOT_DECIDABLE


def _ratio(a: float | None, b: float | None) -> float | None:
    return a / b if a is not None and b is not None else None


_PARTS: tuple[tuple[str, str, bool, Callable[[Numbers, Numbers], float | None]], ...] = (
    ("young falls", "young: rate under a large constant gradient", False, lambda y, g: y.change),
    ("grown rises", "grown: rate after large ones of one sign", True, lambda y, g: g.constant_large),
    ("grown alternates", "grown: rate after large ones of alternating signs", False, lambda y, g: g.alternating_large),
    (
        "agreement grows",
        "one sign over alternating, grown over young",
        True,
        lambda y, g: _ratio(
            _ratio(g.constant_large, g.alternating_large), _ratio(y.constant_large, y.alternating_large)
        ),
    ),
    ("young falls, centred", "young, large constant: what the largest slope shares", False, lambda y, g: y.centred),
    ("young one sign", "young: after large ones of one sign", False, lambda y, g: y.constant_large),
    ("young alternates", "young: after large ones of alternating signs", False, lambda y, g: y.alternating_large),
    ("grown constant", "grown: under a large constant gradient, settled", True, lambda y, g: g.change),
    ("grown gaussian", "grown: after large Gaussian ones", False, lambda y, g: g.gaussian_large),
    ("grown one sign, typical", "grown: after typical ones of one sign", True, lambda y, g: g.constant),
    ("grown alternates, typical", "grown: after typical ones of alternating signs", False, lambda y, g: g.alternating),
    ("score", "score, grown over young", False, lambda y, g: g.score / y.score),
)
CLAIMED = ("young falls", "grown rises", "grown alternates", "agreement grows")
"""The parts that the claim is made of; the others are beside it."""
