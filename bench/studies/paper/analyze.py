"""From what was measured to one row per claim: finding, verdict, and what ablations say of the mechanism."""

from __future__ import annotations

from typing import Any, NamedTuple

from bench.scores.numbers import significant
from bench.studies.paper.claims import CLAIMS, Claim
from bench.studies.paper.evidence import Measured, OnTask
from bench.studies.paper.rules import Finding, undecided


class Judgment(NamedTuple):
    """A claim, what we found, and the ablation's word; measured: whether its task was."""

    claim: Claim
    finding: Finding
    causal: str
    measured: bool


def judged(measured: Measured, claims: tuple[Claim, ...] = CLAIMS) -> list[Judgment]:
    """One row per claim, in order."""
    return [_row(measured, claim) for claim in claims]


def _row(measured: Measured, claim: Claim) -> Judgment:
    if claim.task not in measured:
        return Judgment(claim, undecided(f"{claim.task} was not measured"), "", False)
    found = claim.rule.judge(measured, claim.task)
    return Judgment(claim, found, causal(measured[claim.task], claim.mechanism), True)


def causal(on: OnTask, mechanism: str) -> str:
    """What the score without `mechanism` is, over that with it, meta-seed by meta-seed, and the studies' verdicts."""
    if not mechanism:
        return ""
    reports = [seed.ablation for seed in on.seeds if seed.ablation is not None]
    found = [line for report in reports for line in report["mechanisms"] if line["mechanism"] == mechanism]
    if not found or len(found) < len(on.seeds):
        return "not run"
    return f"without it {_effects(found)}; {_verdicts(found)}"


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
