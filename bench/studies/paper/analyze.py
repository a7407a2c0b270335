"""From what was measured to one row per claim, with a finding for each group of networks; and to lines of ablations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from bench.scores.numbers import significant
from bench.studies.paper.claims import CLAIMS, Claim
from bench.studies.paper.evidence import Measured, OnTask, Seed
from bench.studies.paper.plan import FULL, FURTHER, GROUPS, REPLICATION
from bench.studies.paper.rules import NOT_DECIDABLE, Finding, undecided

BASELINES = "baselines"
"""Whom a claim is judged on that is about no network."""
JUDGES = (REPLICATION, FURTHER)
"""Groups whose verdict counts, first that which is there; of the one network of full size the number is shown."""


class Judgment(NamedTuple):
    """A claim, what each group shows {group: finding}, and by whom it is judged, "" where nobody is there."""

    claim: Claim
    findings: Mapping[str, Finding]
    judge: str
    measured: bool

    @property
    def finding(self) -> Finding:
        """What counts."""
        if self.judge:
            return self.findings[self.judge]
        reason = "no network of it is there" if self.measured else "was not measured"
        return undecided(f"{self.claim.task}: {reason}")


def judged(measured: Measured, claims: tuple[Claim, ...] = CLAIMS) -> list[Judgment]:
    """One row per claim, in order."""
    return [_row(measured, claim) for claim in claims]


def _row(measured: Measured, claim: Claim) -> Judgment:
    if claim.task not in measured:
        return Judgment(claim, {}, "", False)
    if not claim.rule.of_networks:
        return Judgment(claim, {BASELINES: claim.rule.judge(measured, claim.task)}, BASELINES, True)
    judges = (claim.group,) if claim.group else (*JUDGES, FULL)
    found = {group: _finding(measured, claim, group) for group in judges if measured[claim.task].groups.get(group)}
    first = next((group for group in judges if group in found and group != FULL), "")
    return Judgment(claim, found, first, True)


def _finding(measured: Measured, claim: Claim, group: str) -> Finding:
    """Of one group; a single network of several planned decides nothing."""
    seen = {task: of_group(on, group) for task, on in measured.items()}
    found = claim.rule.judge(seen, claim.task)
    there, planned = len(seen[claim.task].seeds), next(g.planned for g in GROUPS if g.name == group)
    if there == 1 < planned:
        return found._replace(verdict=NOT_DECIDABLE, reason=f"one network of {planned} is there")
    return found


def of_group(on: OnTask, group: str) -> OnTask:
    """The task as its rules see it when `group` is judged."""
    return on._replace(seeds=on.groups.get(group, ()))


def causal(seeds: tuple[Seed, ...], mechanism: str) -> str:
    """What the score without `mechanism` is, over that with it, network by network, and the studies' verdicts."""
    reports = [seed.ablation for seed in seeds if seed.ablation is not None]
    found = [line for report in reports for line in report["mechanisms"] if line["mechanism"] == mechanism]
    if not found or len(found) < len(seeds):
        return ""
    return f"{_effects(found)}; {_verdicts(found)}"


def _effects(found: list[dict[str, Any]]) -> str:
    ratios = [float(line["ratio"]) for line in found]
    lows, highs = ([float(line["effect"][i]) for line in found] for i in (0, 1))
    least, most, low, high = map(significant, (min(ratios), max(ratios), min(lows), max(highs)))
    return f"×{least} to ×{most} [{low}, {high}]"


def _verdicts(found: list[dict[str, Any]]) -> str:
    counts: dict[str, int] = {}
    for line in found:
        counts[line["verdict"]] = counts.get(line["verdict"], 0) + 1
    said = [f"{_WORDS.get(word, word)} in {count}" for word, count in counts.items()]
    return f"{', '.join(said)} of {len(found)}"


_WORDS = {"does not": "does not matter"}


class Removed(NamedTuple):
    """One network without one mechanism, or without two: its score over that of the whole, step tuned again, [95 %].

    `random`: the range of the same ratio after changes of equal size in random directions; of pairs None, and
    `interaction` [value, low, high]: together over the product of both alone.
    """

    task: str
    group: str
    network: str
    removed: str
    ratio: float
    low: float
    high: float
    verdict: str
    reason: str
    random: tuple[float, float] | None
    interaction: tuple[float, ...] | None


def removals(measured: Measured) -> list[Removed]:
    """Every mechanism and every pair of every network that was ablated."""
    return [
        line
        for on in measured.values()
        for group, seeds in on.groups.items()
        for seed in seeds
        if seed.ablation is not None
        for line in _removals(on.task, group, seed)
    ]


def _removals(task: str, group: str, seed: Seed) -> Iterator[Removed]:
    report = seed.ablation or {}
    for line in report["mechanisms"]:
        low, high = line["effect"]
        random = (line["control"][0], line["control"][1]) if "control" in line else None
        said = line["verdict"], line.get("reason", "")
        yield Removed(task, group, seed.name, line["mechanism"], line["ratio"], low, high, *said, random, None)
    for line in report.get("interactions", ()):
        value, low, high = line["ratio"]
        names, together = " + ".join(line["pair"]), tuple(line["interaction"])
        yield Removed(task, group, seed.name, names, value, low, high, "", "", None, together)
