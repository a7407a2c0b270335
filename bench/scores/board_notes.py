"""What stands below a board: what its numbers are, and which of them are missing and why."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from bench.scores import intervals, luck, machines, scale
from bench.scores.metrics import Metric
from bench.scores.numbers import number
from bench.scores.results import Results, finished
from bench.terminal import counted
from optimizers import disclosures

FEWEST_TASKS = 5
"""Fewest tasks for an interval for other tasks: resamples of four are nearly those four."""
ORACLES = "Oracles are ceilings on the tasks they are made for; they are not ranked."


def board_notes(metric: Metric, results: Results, frame: pd.DataFrame) -> list[str]:
    """Of a leaderboard over all tasks."""
    tasks, problems = len(results.tasks), [results.problems(task) for task in results.tasks]
    others = ", then (other tasks) over tasks too" if tasks >= FEWEST_TASKS else ""
    over = counted(tasks, "task")
    return [
        f"{metric.name}: {metric.summary}; {metric.better} is better.",
        f"Score: interquartile mean over {over} of each task's {scale.mean_name(metric)} over problems; 95 % "
        f"intervals over problems{others}.",
        *precision_notes(metric, problems, frame),
        *([luck.NOTE] if any(record.trials for record in results.records.values()) else []),
        *([] if others or not tasks else [f"No interval for other tasks: it takes {FEWEST_TASKS} or more."]),
        *_about_entries(metric, results),
    ]


def precision_notes(metric: Metric, problems: Sequence[int], frame: pd.DataFrame) -> list[str]:
    """Of any table with ranks and intervals: how ranks are made, and why a rank or an interval is missing."""
    fewest = min(problems, default=0)
    notes = [
        "Optimizers that do not differ significantly (paired test, Holm's correction, 5 %) share a rank range."
        if fewest >= intervals.FEWEST
        else no_ranks(fewest)
    ]
    if "mean" in frame:
        notes.append("mean: the arithmetic mean, which a few runs may decide.")
    if fewest > 1 and _bare(frame, "score", "low") | _bare(frame, "mean", "mean_low"):
        notes.append(
            "A mean has no interval if a few runs decide it (skewness of its bootstrap distribution above "
            f"{intervals.HEAVY:g}): such an interval would not cover."
        )
    return notes


def no_ranks(fewest: int) -> str:
    """Why nothing is ranked, where the task with the fewest has so many problems."""
    return f"No ranks: they need {intervals.FEWEST} or more problems on every task; here are {fewest}."


def _bare(frame: pd.DataFrame, value: str, bound: str) -> bool:
    """Whether some value that is there has no interval."""
    return value in frame and bool((frame[value].notna() & frame[bound].isna()).any())


def _about_entries(metric: Metric, results: Results) -> list[str]:
    notes = []
    expected = sum(results.applies(t, o) for t in results.tasks for o in results.optimizers)
    if any(results.kind(name) == "oracle" for name in results.optimizers):
        notes.append(ORACLES)
    said: dict[str, list[str]] = {}
    for name in results.optimizers:
        record = results.of_optimizer(name)[0]
        if record.kind != "oracle" or "sees_loss" not in record.discloses:
            for words in disclosures.words(record.discloses):
                said.setdefault(words, []).append(name)
    notes += [f"{', '.join(names)}: {words}." for words, names in said.items()]
    notes += [str(fault) for fault in results.faults]
    if mixed := machines.mixed(results.records.values()):
        notes.append(f"Mixed: {mixed}.")
    there = [results.records.get((t, o)) for t in results.tasks for o in results.optimizers]
    if sum(record is not None for record in there) < expected or not all(finished(r) for r in there if r is not None):
        notes.append(f"Failed and missing cells score the worst there is, {number(metric.worst)}.")
    return notes
