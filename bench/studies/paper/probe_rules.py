"""Rules over the readings of probes: their verdicts, alone and beside untrained twins, and their words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from bench.probes.reading import ABSENT, PRESENT
from bench.studies.paper.evidence import Measured, Seed, plain, verdict
from bench.studies.paper.rules import NOT_DECIDABLE, SHARE, Finding, common, over_seeds, undecided


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
    told = {seed.name: str(seed.readings[probe].get("would_change") or "") for seed in open_ones}
    return ". ".join([reason, *_each_once({name: said for name, said in told.items() if said})])


def _each_once(told: dict[str, str]) -> list[str]:
    """Sentences that differ only in what they measured, which is in brackets, as one with the numbers of each."""
    alike: dict[str, list[str]] = {}
    for name, said in told.items():
        measured = ", ".join(re.findall(r"\(([^()]*)\)", said))
        alike.setdefault(re.sub(r" \([^()]*\)", "", said).rstrip("."), []).append(
            f"{name}: {measured}" if measured else name
        )
    return [f"{said} ({'; '.join(names)})" for said, names in alike.items()]


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
