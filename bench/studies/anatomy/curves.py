"""Loss curves of an optimizer beside hand-designed ones tuned on the same task: what the paper's first figure shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import optimizers
from bench.engine.problems import Problems
from bench.engine.race import race
from bench.lookup.named import NamedTask
from bench.records.record import Budget, Runs
from bench.reports.pictures.curves import above_floor, quantiles
from bench.running.cells import cell_of
from bench.scores.metrics import Metric
from bench.scores.scale import leveled, shown_interval
from bench.scores.statistics import Interval, mean_interval
from bench.suites.jobs import job
from optimizers import Entry

BASELINES = ("momentum", "rmsprop", "adam")


class LossCurve(NamedTuple):
    """Of one optimizer: θ without its weights, steps (K,), 25, 50 and 75 % quantiles over problems of (loss − floor) /
    (initial loss − floor), (K,) each; scores by the task's metric (S,); how many runs diverged.
    """

    name: str
    theta: dict[str, Any]
    steps: np.ndarray
    low: np.ndarray
    median: np.ndarray
    high: np.ndarray
    scores: np.ndarray
    diverged: int


def curves(
    subject: NamedTask,
    entry: Entry,
    theta: Mapping[str, Any],
    metric: Metric,
    budget: Budget,
    cells: Path,
    folders: Iterable[Path] = (),
    progress: Callable[[str], None] = lambda about: None,
) -> tuple[list[LossCurve], dict[str, Any]]:
    """Curves of `entry` and of the tuned BASELINES, `entry` first, and its θ: tuned as theirs if anything can be.

    Cells are read from `folders` or `cells`, or run and kept in `cells`.
    """

    def tuned(other: Entry) -> dict[str, Any]:
        progress(f"tuning {other.name}")
        return cell_of(job("cell", subject, other, budget), cells, folders).thetas[metric.name]

    if entry.space:
        theta = {**theta, **tuned(entry)}
    kept = dict(theta)
    progress(f"racing {entry.name}")
    found = [curve(subject, entry, kept, metric, budget)]
    for name in BASELINES:
        if name != entry.name:
            other = optimizers.get(name)
            found.append(curve(subject, other, tuned(other), metric, budget))
    return found, kept


def curve(subject: NamedTask, entry: Entry, theta, metric: Metric, budget: Budget) -> LossCurve:
    """One θ raced on the report problems."""
    raced = race(entry, [theta], Problems(subject, "report", range(budget.seeds), budget.steps), record="all")
    runs = Runs(raced.runs.steps, *(array[0] for array in raced.runs[1:]))
    low, median, high = quantiles(above_floor(runs.losses, subject.task.floor))
    shown = {name: value for name, value in theta.items() if np.ndim(value) == 0}
    scores = np.asarray(metric.score(runs, subject.task.floor), float)
    diverged = int(np.sum(np.asarray(runs.diverged) >= 0))
    return LossCurve(entry.name, shown, np.asarray(runs.steps), low, median, high, scores, diverged)


def mean_of(scores: np.ndarray, metric: Metric) -> Interval:
    """Mean of (S,) scores on the metric's scale, with its 95 % interval over problems, as in leaderboards."""
    return shown_interval(metric, mean_interval(leveled(metric, scores)))


def best_baseline(found: list[LossCurve], metric: Metric) -> LossCurve:
    """The baseline of the best mean score."""
    return max(found[1:], key=lambda curve: metric.sign * float(mean_of(curve.scores, metric).value))
