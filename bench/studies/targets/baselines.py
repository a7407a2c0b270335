"""Runs of the tuned baselines on the report problems: cells as any suite's, read where a run has them already."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from bench.records.record import Budget, Record, Runs
from bench.running.cells import cell_of
from bench.scores.metrics import METRICS
from bench.scores.results import runs_of
from bench.studies.targets.analyze import scores
from bench.suites.jobs import job

CELLS = "tuned"
"""Folder, beside what a study writes, of the cells that it ran itself."""


def raced(task: str, optimizer: Any, budget: Budget, out: Path, folders: Iterable[Path] = ()) -> Record:
    """The record of an optimizer, a name or an entry, on `task`: from a run in `folders` or `out`, or run now."""
    return cell_of(job("cell", task, optimizer, budget), out / CELLS, folders)


def scored(record: Record, metric: str) -> np.ndarray:
    """Scores (problems,), lower is better, of the runs at the θ tuned for `metric`.

    Nothing is tuned for `log_final`: there the θ counts that is the best of all tuned ones on these very problems.
    """
    if metric in METRICS:
        return scores(metric, runs_of(record, METRICS[metric]), record.floor)
    found = [scores(metric, runs, record.floor) for runs in _tuned(record)]
    return min(found, key=lambda row: float(row.mean()))


def _tuned(record: Record) -> list[Runs]:
    tuned = [runs for name, runs in record.runs.items() if name != "default"]
    return tuned or list(record.runs.values())
