"""Learned optimizers against the best hand-designed one of each task: at home, and elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from bench.reports.lines import printed
from bench.reports.tables import Grid
from bench.scores import homes
from bench.scores.metrics import METRICS
from bench.scores.numbers import with_interval
from bench.scores.results import Results
from bench.scores.verdicts import verdicts


def at_home(results: Results, metric_of: Mapping[str, str]) -> str:
    return printed(verdict_grid(results, metric_of, ("home", "tuned", "as it comes")))


def elsewhere(results: Results, metric_of: Mapping[str, str]) -> str:
    found = verdict_grid(results, metric_of, ("foreign", "generalist"))
    said = "Neither tuned nor trained on the task, or trained on several other tasks too: not ranked, and no claim."
    return printed(found._replace(notes=[said, *found.notes]))


def verdict_grid(results: Results, metric_of: Mapping[str, str], standings: tuple[str, ...] = ()) -> Grid:
    """Each learned entry against the hand-designed one that tuning found best, where it is of one of `standings`.

    Without, everywhere, and the standing is a column. Missing cells have no row.
    """
    frame, rows = verdicts(results, metric_of), []
    for row in frame.itertuples():
        standing = homes.standing(results, row.optimizer, [row.task])
        if (row.task, row.optimizer) in results.records and standing in (standings or homes.STANDINGS):
            about = [str(row.task), str(row.optimizer), *([] if standings else [standing])]
            rows.append([*about, f"{_AHEAD[str(row.word)]} {row.baseline}", str(row.metric), _effect(row)])
    headers = ["task", "optimizer", *([] if standings else ["standing"]), "verdict", "metric", "effect [95 %]"]
    return Grid(headers, rows, _verdict_notes(results, frame))


_AHEAD = {"ahead": "ahead of", "behind": "behind", "tie": "ties with"}


def _effect(row: Any) -> str:
    """The ratio or difference of means with its interval, or of medians where no interval of means would cover."""
    if math.isfinite(row.low):
        return with_interval(row.effect, row.low, row.high)
    return f"median {with_interval(row.median, row.median_low, row.median_high)}"


def _verdict_notes(results: Results, frame: pd.DataFrame) -> list[str]:
    logs = ", ".join(metric.name for metric in METRICS.values() if metric.in_logs)
    differing = ", ".join(metric.name for metric in METRICS.values() if metric.differs)
    notes = [
        f"Effect: ratio of mean scores (geometric means of {logs}), of {differing} the difference; paired by problem.",
        "The rival is the hand-designed optimizer that scored best on the tuning problems.",
    ]
    if frame["low"].isna().any() and frame["median_low"].notna().any():
        notes.append("median: over the problems of a task, where a few of them decide the mean.")
    without = [task for task in results.tasks if task not in set(frame["task"])]
    if without and "learned" in map(results.kind, results.optimizers):
        notes.append(f"No rival could be picked by tuning on {', '.join(without)}; name one: compare A B DIR.")
    return notes
