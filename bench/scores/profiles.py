"""Where a score comes from: targets reached by step, scores by share of runs, and score by number of trials.

All are about the same runs and trials as the board, so its numbers can be read off them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from bench.errors import UserError
from bench.records.record import Record
from bench.scores.measures import Scored
from bench.scores.metrics import METRICS, Metric, targets_reached
from bench.scores.results import Results, finished, runs_of, task_scores

LEVELS = 101
"""Points of a profile."""


class Profile(NamedTuple):
    """Lines over one axis: x (K,), and {optimizer: y (K,)}."""

    x: np.ndarray
    lines: dict[str, np.ndarray]


class TrialCurve(NamedTuple):
    """Score of the best of k trials, over which k were drawn: mean, and 25, 50 and 75 % quantiles, each (m,)."""

    k: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    median: np.ndarray
    high: np.ndarray


def ecdf(results: Results, task: str | None = None) -> Profile:
    """Share of (problem, target) pairs that each optimizer has reached by each recorded step, (K,), rising to 1.

    Of one task or, with equal weights, of all: then without oracles that some task has no use for. Its mean over the
    logarithmic step axis is `anytime`. A failed or missing cell reaches nothing.
    """
    tasks = [task] if task is not None else results.tasks
    steps = np.unique(np.concatenate([_steps(results, name) for name in tasks]))
    shares = {
        name: np.mean([_share(results.records.get((task, name)), steps) for task in tasks], axis=0)
        for name in _on_all(results, tasks)
    }
    return Profile(steps, shares)


def profile(results: Results, metric: Scored = METRICS["anytime"]) -> Profile:
    """Share of runs with at least each score, or at most where lower is better; every task weighs the same.

    Agarwal et al. (2021), Deep RL at the edge of the statistical precipice. Who else races does not move a line. What
    is infinite is reached at no level; who lacks a number on a task has no line. Raises UserError.
    """
    tables = [metric.sign * task_scores(results, task, metric) for task in results.tasks]
    finite = np.concatenate([table[np.isfinite(table)] for table in tables])
    if not len(finite):
        raise UserError(f"no run here has a finite {metric.name}; choose another --metric")
    levels = np.linspace(finite.min(), finite.max(), LEVELS)
    shares = np.mean([(table[:, :, None] >= levels).mean(axis=1) for table in tables], axis=0)
    counted = ~np.any([np.isnan(table).any(axis=1) for table in tables], axis=0)
    kept = {name for name, has in zip(results.optimizers, counted, strict=True) if has}
    kept &= set(_on_all(results, results.tasks))
    lines = {name: row for name, row in zip(results.optimizers, shares, strict=True) if name in kept}
    return Profile(metric.sign * levels, lines)


def trial_curve(record: Record, metric: Metric) -> TrialCurve | None:
    """Score on the tuning problems of the best of k of the trials, k = 1, 2, 4 … all; None where nothing was tuned.

    Exact over all ways to draw k without replacement: the best of k is the i-th of n with probability
    C(n − i, k − 1) / C(n, k).
    """
    if not finished(record) or metric.name not in record.trials:
        return None
    scores = np.asarray(record.trials[metric.name], float)
    ordered = np.sort(np.where(np.isfinite(scores), scores, metric.worst))[:: -metric.sign]
    count = len(ordered)
    ks = np.unique([*(2**i for i in range(count.bit_length())), count])
    rows = [_best_of(ordered, int(k)) for k in ks]
    return TrialCurve(ks, *(np.array(column) for column in zip(*rows, strict=True)))


def trial_curves(results: Results, task: str, metric: Metric) -> Mapping[str, TrialCurve]:
    """`trial_curve` of every optimizer that was tuned on a task."""
    found = {record.cell.optimizer: trial_curve(record, metric) for record in results.of_task(task) if record}
    return {name: curve for name, curve in found.items() if curve is not None}


def _best_of(ordered: np.ndarray, k: int) -> tuple[float, ...]:
    """Mean and quartiles, ascending, of the best of k of `ordered` (n,), best first."""
    count = len(ordered)
    left = count - np.arange(count)
    beyond = np.clip((left - k) / left, 0, 1)
    none_yet = np.concatenate([[1.0], np.cumprod(beyond)])
    chance = -np.diff(none_yet)
    rising = np.argsort(ordered, kind="stable")
    reached = np.cumsum(chance[rising])
    places = np.minimum(np.searchsorted(reached, np.array([0.25, 0.5, 0.75]) - 1e-12), count - 1)
    return float(chance @ ordered), *map(float, ordered[rising[places]])


def _steps(results: Results, task: str) -> np.ndarray:
    recorded = [runs_of(r, METRICS["anytime"]).steps for r in results.of_task(task) if r is not None and finished(r)]
    return np.unique(np.concatenate(recorded)) if recorded else np.array([0])


def _share(record: Record | None, steps: np.ndarray) -> np.ndarray:
    """Mean share of targets reached at `steps` (K,), held from one recorded step to the next."""
    if record is None or not finished(record):
        return np.zeros(len(steps))
    runs = runs_of(record, METRICS["anytime"])
    share = targets_reached(runs, record.floor).mean(axis=0)
    return share[np.searchsorted(runs.steps, steps, side="right") - 1]


def _on_all(results: Results, tasks: list[str]) -> list[str]:
    return [name for name in results.optimizers if all(results.applies(task, name) for task in tasks)]
