"""Rules over meta-seeds: how numbers become held, not held or not decidable. They are part of a claim, set beforehand.

Each rule is data with a `text` and a pure `judge(measured, task)`. One meta-seed decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from bench.probes.reading import ABSENT, PRESENT
from bench.scores.numbers import significant
from bench.studies.paper.evidence import Measured, OnTask, Seed, verdict

HELD, NOT_HELD, NOT_DECIDABLE = "held", "not held", "not decidable"
FEWEST = 2
"""Meta-seeds below which nothing is decided."""
RANGE = "range over meta-seeds"
BOOTSTRAP = "95 % bootstrap over problems"
Read = Callable[[OnTask, Seed], float | None]
"""One number of one meta-seed; None where it was not read, infinite where it never happens."""


class Finding(NamedTuple):
    """Our number with its interval, what kind of interval it is, the verdict and its reason."""

    value: float | None
    low: float | None
    high: float | None
    spread: str
    verdict: str
    reason: str


class Rule(Protocol):
    """What a claim is judged by."""

    @property
    def text(self) -> str:
        """The rule in words."""

    def judge(self, measured: Measured, task: str) -> Finding:
        """Of a task that was measured."""


def undecided(reason: str) -> Finding:
    """Nothing to go by."""
    return Finding(None, None, None, "", NOT_DECIDABLE, reason)


def over_seeds(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean, smallest and largest of the meta-seeds' numbers."""
    return math.fsum(values) / len(values), min(values), max(values)


def common(words: Sequence[bool | None]) -> tuple[str, str]:
    """Verdict and counts of what each meta-seed says: yes, no, or neither."""
    yes, no = (sum(word is each for word in words) for each in (True, False))
    neither = len(words) - yes - no
    counts = f"yes in {yes}, no in {no}, between in {neither} of {len(words)} meta-seeds"
    if len(words) < FEWEST:
        return NOT_DECIDABLE, f"{counts}; one meta-seed decides nothing"
    if yes == len(words):
        return HELD, f"in all {yes} meta-seeds"
    if no == len(words):
        return NOT_HELD, f"in none of {no} meta-seeds"
    return NOT_DECIDABLE, counts


def read_all(on: OnTask, read: Read) -> list[float] | None:
    """Each meta-seed's number, None when one was not read or is not a number."""
    found = [read(on, seed) for seed in on.seeds]
    known = [float(each) for each in found if each is not None and not math.isnan(each)]
    return known if found and len(known) == len(found) else None


@dataclass(frozen=True)
class Everywhere:
    """`read` on the right side of `yes` in every meta-seed; of `no` in every one for the opposite.

    yes > no: large numbers are for the claim; yes < no: small ones are.
    """

    what: str
    read: Read
    yes: float
    no: float

    @property
    def text(self) -> str:
        more, less = ("≥", "≤") if self.yes > self.no else ("≤", "≥")
        for_it, against = significant(self.yes), significant(self.no)
        return f"{self.what} {more} {for_it}; against it: {less} {against}"

    def judge(self, measured: Measured, task: str) -> Finding:
        values = read_all(measured[task], self.read)
        if values is None:
            return undecided("not read")
        word, reason = common([self._word(value) for value in values])
        return Finding(*over_seeds(values), RANGE, word, reason)

    def _word(self, value: float) -> bool | None:
        sign = 1 if self.yes > self.no else -1
        return True if sign * value >= sign * self.yes else False if sign * value <= sign * self.no else None


@dataclass(frozen=True)
class Present:
    """A probe's verdict; the number is the share of meta-seeds in which it says present."""

    probe: str

    @property
    def text(self) -> str:
        return f"probe {self.probe} says present; against it: absent"

    def judge(self, measured: Measured, task: str) -> Finding:
        found = [verdict(seed, self.probe) for seed in measured[task].seeds]
        if not found or None in found:
            return undecided("not read")
        word, reason = common([{PRESENT: True, ABSENT: False}.get(str(each)) for each in found])
        share = sum(each == PRESENT for each in found) / len(found)
        return Finding(share, None, None, "share of meta-seeds in which the probe says present", word, reason)


@dataclass(frozen=True)
class Near:
    """The mean over meta-seeds within `within` of the paper's number, relative, or absolute if `absolute`."""

    what: str
    read: Read
    paper: float
    within: float = 0.25
    absolute: bool = False

    @property
    def text(self) -> str:
        low, high = self._band(1)
        return f"{self.what} {significant(low)} to {significant(high)}; against it: all outside, on one side"

    def judge(self, measured: Measured, task: str) -> Finding:
        values = read_all(measured[task], self.read)
        if values is None:
            return undecided("not read")
        mean, least, most = over_seeds(values)
        word, reason = self._word(mean, least, most, len(values))
        return Finding(mean, least, most, RANGE, word, reason)

    def _band(self, times: float) -> tuple[float, float]:
        reach = times * self.within * (1 if self.absolute else abs(self.paper))
        return self.paper - reach, self.paper + reach

    def _word(self, mean: float, least: float, most: float, count: int) -> tuple[str, str]:
        (low, high), (lowest, highest) = self._band(1), self._band(2)
        if count < FEWEST:
            return NOT_DECIDABLE, "one meta-seed decides nothing"
        if low <= mean <= high and lowest <= least and most <= highest:
            return HELD, "within the band"
        if most < low or least > high:
            return NOT_HELD, f"{'below' if most < low else 'above'} it in all {count} meta-seeds"
        return NOT_DECIDABLE, "meta-seeds differ: some inside the band, or on both sides of it"


@dataclass(frozen=True)
class Somewhere:
    """What the paper shows of one optimizer of its choice: `read` ≥ 1 in one meta-seed is enough."""

    what: str
    read: Read

    @property
    def text(self) -> str:
        return f"{self.what}, in one meta-seed or more; against it: in none"

    def judge(self, measured: Measured, task: str) -> Finding:
        values = read_all(measured[task], self.read)
        if values is None:
            return undecided("not read")
        count = sum(value >= 1 for value in values)
        word = HELD if count else NOT_HELD if len(values) >= FEWEST else NOT_DECIDABLE
        share = count / len(values)
        return Finding(share, None, None, "share of meta-seeds", word, f"in {count} of {len(values)} meta-seeds")


@dataclass(frozen=True)
class MoreThan:
    """`read` larger on this task than on `other`, whichever meta-seeds are compared."""

    what: str
    read: Read
    other: str

    @property
    def text(self) -> str:
        return f"{self.what} above that on {self.other}; against it: below"

    def judge(self, measured: Measured, task: str) -> Finding:
        if self.other not in measured:
            return undecided(f"{self.other} was not measured")
        here, there = (read_all(measured[name], self.read) for name in (task, self.other))
        if here is None or there is None:
            return undecided("not read")
        if min(len(here), len(there)) < FEWEST:
            return Finding(*over_seeds(here), RANGE, NOT_DECIDABLE, "one meta-seed decides nothing")
        word = HELD if min(here) > max(there) else NOT_HELD if max(here) < min(there) else NOT_DECIDABLE
        reason = f"{self.other}: {significant(min(there))} to {significant(max(there))}"
        return Finding(*over_seeds(here), RANGE, word, reason)
