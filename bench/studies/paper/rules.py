"""Rules over networks: how numbers become held, not held or not decidable. They are part of a claim, set beforehand.

Each rule is data with a `text`, what has to be so for the claim to be held, and a pure `judge(measured, task)`. The
paper speaks of learned optimizers in general: a claim is held if it is so in every network, and not held if one network
shows that it is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

from bench.probes.reading import ABSENT, PRESENT
from bench.scores.numbers import significant
from bench.studies.paper.evidence import Measured, OnTask, Seed, plain, verdict

HELD, NOT_HELD, NOT_DECIDABLE = "held", "not held", "not decidable"
RANGE = "range over networks"
BOOTSTRAP = "95 % bootstrap over problems"
SHARE = "share of networks"
WITHIN, REACHED, BEYOND = "within", "one more network may reach it", "one more network would not reach it"
"""How far a number of the paper's is from ours."""
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
        values = read_all(measured[task], self.read)
        if values is None:
            return not_read(measured[task], self.read)
        word, reason = common([value <= self.bound if self.most else value >= self.bound for value in values])
        return Finding(*over_seeds(values), RANGE, word, reason)


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
        values = read_all(measured[task], self.read)
        if values is None:
            return not_read(measured[task], self.read)
        word, reason = common([self.low <= value <= self.high for value in values])
        return Finding(*over_seeds(values), RANGE, word, reason)


@dataclass(frozen=True)
class Present:
    """A probe's verdict; the number is the share of networks in which it says present."""

    probe: str
    of_networks: ClassVar[bool] = True

    @property
    def text(self) -> str:
        return f"the {self.probe} probe says present in every network"

    def judge(self, measured: Measured, task: str) -> Finding:
        seeds = measured[task].seeds
        found = [verdict(seed, self.probe) for seed in seeds]
        if not found or None in found:
            return undecided("not probed")
        word, reason = common(
            [{PRESENT: True, ABSENT: False}.get(str(each)) for each in found], "the probe is undecided"
        )
        share = sum(each == PRESENT for each in found) / len(found)
        return Finding(share, None, None, SHARE, word, _and_what_would_tell(reason, word, seeds, self.probe))


def _and_what_would_tell(reason: str, word: str, seeds: Sequence[Seed], probe: str) -> str:
    """The reason, for what is open with the probe's own sentence on what would have to be measured."""
    if word != NOT_DECIDABLE:
        return reason
    open_ones = [seed for seed in seeds if verdict(seed, probe) not in (PRESENT, ABSENT)]
    told = [f"{seed.name}: {seed.readings[probe].get('would_change', '')}" for seed in open_ones]
    return "; ".join([reason, *(each for each in dict.fromkeys(told) if not each.endswith(": "))])


@dataclass(frozen=True)
class BeyondTwins:
    """A probe says present, and more than untrained networks of the same architecture show.

    The number is the share of the untrained networks that the probe calls present as well, mean over our networks.
    """

    probe: str
    of_networks: ClassVar[bool] = True

    @property
    def text(self) -> str:
        return f"present, and beyond its untrained twins in every network ({self.probe} probe)"

    def judge(self, measured: Measured, task: str) -> Finding:
        seeds = measured[task].seeds
        twins = [seed.readings.get(self.probe, {}).get("twins") for seed in seeds]
        if not seeds or not all(twins):
            why = [seed.readings.get(self.probe, {}).get("no_twins") for seed in seeds]
            return undecided(next(filter(None, why), "no untrained twins were probed"))
        words = [_discovered(seed, self.probe, each) for seed, each in zip(seeds, twins, strict=True)]
        shares = [float(each["present"]) for each in twins]
        word, reason = common(words, "not to be told")
        reason = _and_what_would_tell(reason, word, seeds, self.probe)
        return Finding(*over_seeds(shares), "share of untrained twins that are present too", word, reason)


def _discovered(seed: Seed, probe: str, twins: Any) -> bool | None:
    said = verdict(seed, probe)
    if said not in (PRESENT, ABSENT):
        return None
    if said == PRESENT and twins["beyond"] is None:
        return None
    return said == PRESENT and bool(twins["beyond"])


@dataclass(frozen=True)
class Says:
    """A word of a probe's reading, the one expected in every network."""

    probe: str
    name: str
    expected: str
    of_networks: ClassVar[bool] = True

    @property
    def text(self) -> str:
        return f'the {self.probe} probe says "{self.expected}" of its {self.name} in every network'

    def judge(self, measured: Measured, task: str) -> Finding:
        seeds = measured[task].seeds
        known = [seed for seed in seeds if self.name in seed.readings.get(self.probe, {}).get("values", {})]
        if not seeds or len(known) < len(seeds):
            return undecided("not probed")
        found = [plain(seed, self.probe, self.name) for seed in known]
        words = [each == self.expected for each in found]
        word, reason = common(words)
        said = ", ".join(dict.fromkeys(str(each) for each in found))
        return Finding(sum(words) / len(words), None, None, SHARE, word, f"{reason}; the probe says: {said}")


@dataclass(frozen=True)
class Figure:
    """A number read off a figure of the paper: within the range of our networks, widened by the error of reading it.

    `error`: relative for numbers read off a linear axis; `decades` instead for a logarithmic one; `absolute` for
    numbers with a natural unit, steps and |λ|.
    """

    what: str
    read: Read
    paper: float
    error: float = 0.05
    decades: float = 0.0
    absolute: float = 0.0
    of_networks: ClassVar[bool] = True

    @property
    def text(self) -> str:
        return (
            f"the paper's {significant(self.paper)} (± {self._error}) is within the range of our networks ({self.what})"
        )

    @property
    def _error(self) -> str:
        if self.absolute:
            return significant(self.absolute)
        return f"{significant(self.decades)} decades" if self.decades else f"{100 * self.error:g} %"

    def judge(self, measured: Measured, task: str) -> Finding:
        values = read_all(measured[task], self.read)
        if values is None:
            return not_read(measured[task], self.read)
        least, most = min(values), max(values)
        low, high = self.band()
        inside = low <= most and least <= high
        reason = WITHIN if inside else f"{_off(least, most, self.paper)}; {_fourth(values, low, high)}"
        return Finding(*over_seeds(values), RANGE, HELD if inside else NOT_HELD, reason)

    def band(self) -> tuple[float, float]:
        """What the paper's number may be."""
        if self.absolute:
            return self.paper - self.absolute, self.paper + self.absolute
        factor = 10.0**self.decades if self.decades else 1 + self.error
        return self.paper / factor, self.paper * factor


def _fourth(values: Sequence[float], low: float, high: float) -> str:
    """Whether one more network trained alike may reach the paper's number: Student's t on logarithms, 95 %."""
    if len(values) < 2 or not all(0 < value < math.inf for value in values):
        return BEYOND
    from scipy import stats

    logs = [math.log(value) for value in values]
    middle, count = math.fsum(logs) / len(logs), len(logs)
    deviation = math.sqrt(math.fsum((each - middle) ** 2 for each in logs) / (count - 1))
    reach = float(stats.t.ppf(0.975, count - 1)) * deviation * math.sqrt(1 + 1 / count)
    least, most = math.exp(middle - reach), math.exp(middle + reach)
    inside = low <= most and least <= high
    return f"{REACHED if inside else BEYOND} ({significant(least)} to {significant(most)})"


def _off(least: float, most: float, paper: float) -> str:
    """How far the nearest of our numbers is from the paper's."""
    nearest = least if least > paper else most
    if math.isinf(nearest):
        return "never in any of ours"
    side = "above" if nearest > paper else "below"
    return f"ours are {side} it, the nearest ×{significant(nearest / paper)}" if paper else f"ours are {side} it"


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
