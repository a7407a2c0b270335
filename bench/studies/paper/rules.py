"""Rules over networks: how numbers become held, not held or not decidable. They are part of a claim, set beforehand.

Each rule is data with a `text`, what has to be so for the claim to be held, and a pure `judge(measured, task)`. The
paper speaks of learned optimizers in general: a claim is held if it is so in every network, and not held if one network
shows that it is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

from bench.scores.numbers import significant
from bench.studies.paper.evidence import Measured, OnTask, Seed

HELD, NOT_HELD, NOT_DECIDABLE = "held", "not held", "not decidable"
RANGE = "range over networks"
BOOTSTRAP = "95 % bootstrap over problems"
SHARE = "share of networks"
Read = Callable[[OnTask, Seed], float | None]
"""One number of one network; None where it was not read, infinite where it never happens."""


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
        """What has to be so for the claim to be held."""

    @property
    def of_networks(self) -> bool:
        """Whether it is about networks; else about baselines and problems alone."""

    def judge(self, measured: Measured, task: str) -> Finding:
        """Of a task that was measured, on the networks in `seeds`."""


def undecided(reason: str) -> Finding:
    """Nothing to go by."""
    return Finding(None, None, None, "", NOT_DECIDABLE, reason)


def over_seeds(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean, smallest and largest of the networks' numbers."""
    return math.fsum(values) / len(values), min(values), max(values)


def common(words: Sequence[bool | None], open_because: str = "undecided") -> tuple[str, str]:
    """Verdict and counts of what each network says: yes, no, or None, which is open for the reason given."""
    yes, no = (sum(word is each for word in words) for each in (True, False))
    neither = len(words) - yes - no
    if not words:
        return NOT_DECIDABLE, "no network"
    if no:
        return NOT_HELD, f"not so in {no} of {len(words)}"
    if neither:
        return NOT_DECIDABLE, f"{open_because} in {neither} of {len(words)}"
    return HELD, f"in all {len(words)}" if len(words) > 1 else "so"


def read_all(on: OnTask, read: Read) -> list[float] | None:
    """Each network's number, None when one was not read or is not a number."""
    found = [read(on, seed) for seed in on.seeds]
    known = [float(each) for each in found if each is not None and not math.isnan(each)]
    return known if found and len(known) == len(found) else None


def not_read(on: OnTask, read: Read) -> Finding:
    """Open, and whose number is missing."""
    lost = [seed for seed in on.seeds if (found := read(on, seed)) is None or math.isnan(found)]
    names = [f"{seed.name} ({seed.failed})" if seed.failed else seed.name for seed in lost]
    return undecided(f"not measured for {', '.join(names)}" if names else "no network")


def in_every(on: OnTask, read: Read, holds: Callable[[float], bool]) -> Finding:
    """Whether every network's number is as it has to be."""
    values = read_all(on, read)
    if values is None:
        return not_read(on, read)
    word, reason = common([holds(value) for value in values])
    return Finding(*over_seeds(values), RANGE, word, reason)


@dataclass(frozen=True)
class Everywhere:
    """`read` at least `bound` in every network, or at most, if `most`."""

    what: str
    read: Read
    bound: float
    most: bool = False
    of_networks: ClassVar[bool] = True

    @property
    def text(self) -> str:
        return f"{self.what} {'≤' if self.most else '≥'} {significant(self.bound)} in every network"

    def judge(self, measured: Measured, task: str) -> Finding:
        return in_every(measured[task], self.read, lambda x: x <= self.bound if self.most else x >= self.bound)


@dataclass(frozen=True)
class Between:
    """`read` from `low` to `high` in every network."""

    what: str
    read: Read
    low: float
    high: float
    of_networks: ClassVar[bool] = True

    @property
    def text(self) -> str:
        return f"{self.what} from {significant(self.low)} to {significant(self.high)} in every network"

    def judge(self, measured: Measured, task: str) -> Finding:
        return in_every(measured[task], self.read, lambda x: self.low <= x <= self.high)


@dataclass(frozen=True)
class Somewhere:
    """What the paper shows of one optimizer of its choice: `read` ≥ 1 in one network is enough."""

    what: str
    read: Read
    of_networks: ClassVar[bool] = True

    @property
    def text(self) -> str:
        return f"{self.what}, in at least one network"

    def judge(self, measured: Measured, task: str) -> Finding:
        values = read_all(measured[task], self.read)
        if values is None:
            return not_read(measured[task], self.read)
        count = sum(value >= 1 for value in values)
        word = HELD if count else NOT_HELD
        return Finding(count / len(values), None, None, SHARE, word, f"in {count} of {len(values)}")


@dataclass(frozen=True)
class MoreThan:
    """`read` larger on this task than on `other`, whichever networks are compared."""

    what: str
    read: Read
    other: str
    of_networks: ClassVar[bool] = True

    @property
    def text(self) -> str:
        return f"{self.what}: every network above every network on {self.other}"

    def judge(self, measured: Measured, task: str) -> Finding:
        if self.other not in measured:
            return undecided(f"{self.other} was not measured")
        here, there = (read_all(measured[name], self.read) for name in (task, self.other))
        if here is None or there is None:
            return not_read(measured[task if here is None else self.other], self.read)
        word = HELD if min(here) > max(there) else NOT_HELD
        reason = f"{self.other}: {significant(min(there))} to {significant(max(there))}"
        return Finding(*over_seeds(here), RANGE, word, reason)
