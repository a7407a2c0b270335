"""What was judged as files: claims.csv, ablations.csv, seconds.csv, and claims.md to read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bench.records.files import csv_text, write_bytes
from bench.studies.paper import pages, tables
from bench.studies.paper.analyze import Judgment, Removed, causal, removals
from bench.studies.paper.answers import Answer
from bench.studies.paper.evidence import Measured, OnTask
from bench.studies.paper.plan import FULL, FURTHER, GROUPS, REPLICATION
from bench.studies.paper.rules import Finding

_NUMBERS = ("value", "low", "high")
COLUMNS = (
    *("id", "task", "section", "claim", "sure", "paper", "rule", "judged_on", "verdict"),
    *_NUMBERS,
    *("interval", "reason"),
    *("further_verdict", *(f"further_{name}" for name in _NUMBERS), "further_reason"),
    *("full_value", "full_verdict", "mechanism", "without_it", "further_without_it"),
)
"""Of claims.csv: what counts, then the networks trained further, then the one of full size."""
SECONDS = ("task", "part", "optimizer", "seconds")
Seconds = Mapping[tuple[str, str, str], float]
"""By (task, part, optimizer)."""
_CARD = ("architecture", "iterations", "batch", "seconds")
NETWORKS = ("task", "group", "network", "there", *_CARD, "mean_loss", "command")


def write(
    out: Path,
    rows: Sequence[Judgment],
    measured: Measured,
    answers: Sequence[Answer] = (),
    seconds: Seconds = MappingProxyType({}),
) -> str:
    """All files; returns the Markdown. `answers`, and the `seconds` that others took: `bench.studies.paper.answers`."""
    files = {
        "claims.csv": table(rows, measured),
        "ablations.csv": csv_text(Removed._fields, (_removed(line) for line in removals(measured))),
        "seconds.csv": csv_text(SECONDS, _seconds(measured, seconds)),
        "networks.csv": csv_text(NETWORKS, _networks(measured)),
        "answers.csv": csv_text(Answer._fields, answers),
    }
    tables.write(out, files)
    text = pages.page(out)
    write_bytes(out / "claims.md", text.encode())
    return text


def table(rows: Sequence[Judgment], measured: Measured) -> str:
    """Every row, rules and reasons included."""
    return csv_text(COLUMNS, (_record(row, measured) for row in rows))


def _record(row: Judgment, measured: Measured) -> list[Any]:
    claim, found = row.claim, row.finding
    further = row.findings.get(FURTHER) if row.judge == REPLICATION else None
    full = row.findings.get(FULL)
    groups = measured[claim.task].groups if row.measured else {}
    lost = [causal(groups.get(name, ()), claim.mechanism) for name in (REPLICATION, FURTHER)]
    return [
        *(claim.id, claim.task, claim.section, claim.text, claim.sure, claim.paper, claim.rule.text),
        *(row.judge, found.verdict, *_numbers(found), found.spread, found.reason),
        *((further.verdict, *_numbers(further), further.reason) if further else [""] * 5),
        *((_numbers(full)[0], full.verdict) if full else ("", "")),
        *(claim.mechanism, *(lost if claim.mechanism else ("", ""))),
    ]


def _numbers(found: Finding) -> list[str]:
    return ["" if part is None else f"{part:.6g}" for part in found[:3]]


def _removed(line: Removed) -> list[Any]:
    plain = [f"{part:.6g}" if isinstance(part, float) else part for part in line[:-2]]
    return [*plain, *("" if part is None else " ".join(f"{each:.6g}" for each in part) for part in line[-2:])]


def _seconds(measured: Measured, others: Seconds) -> list[list[Any]]:
    judged = {(on.task, *key): spent for on in measured.values() for key, spent in on.seconds.items()}
    return [[*key, f"{spent:.1f}"] for key, spent in (*judged.items(), *others.items())]


def _networks(measured: Measured) -> list[list[Any]]:
    """Every network of the plan, there or not."""
    return [
        [on.task, group.name, name, *_trained(on, group.name, name)]
        for on in measured.values()
        for group in GROUPS
        for name in group.names(on.task)
    ]


def _trained(on: OnTask, group: str, name: str) -> list[Any]:
    seed = next((each for each in on.groups.get(group, ()) if each.name == name), None)
    if seed is None:
        return ["no", *[""] * 6]
    card = on.cards.get(name, {})
    scores = seed.race["scores"]["mean_loss"]
    mean = math.fsum(map(float, scores)) / len(scores)
    return ["yes", *(card.get(field, "") for field in _CARD), f"{mean:.6g}", card.get("command", "")]
