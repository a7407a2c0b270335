"""Which configuration tuning chooses: one rule for who tunes and for who reads what was tuned.

By a metric, the finalists of the budget are the best on the tuning problems; of those that raced again, the best mean
over both sets of problems wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bench.records.record import Budget, Record
from bench.scores.metrics import METRICS, Metric


class Choice(NamedTuple):
    """`trial`: row of the trials table. `score`: its mean over the problems that it was judged on."""

    trial: int
    score: float


def refused(trials: Mapping[str, Any]) -> np.ndarray | None:
    """Which trials (n,) of a table lost every run before its first step, as those that the optimizer refuses do."""
    logs = trials.get("mean_log")
    worst = METRICS["mean_log"].worst
    return None if logs is None else np.asarray(logs, "float64") >= worst * (1 - 1e-9)


def best_trials(
    scores: Sequence[float] | np.ndarray, metric: Metric, count: int, refused: np.ndarray | None = None
) -> list[int]:
    """The `count` best of trials' mean scores (n,), best first; of equals those not `refused` (n,), then the first."""
    cost = _cost(scores, metric)
    return np.lexsort((np.zeros(len(cost), bool) if refused is None else refused, cost))[:count].tolist()


def choose(
    scores: Sequence[float],
    again: Mapping[int, float],
    metric: Metric,
    budget: Budget,
    refused: np.ndarray | None = None,
) -> Choice:
    """Of trials' mean scores (n,) on the tuning problems, and those of some trials on the re-check problems."""
    finalists = sorted(trial for trial in best_trials(scores, metric, budget.finalists, refused) if trial in again)
    judged = np.asarray(scores, "float64")
    if finalists:
        both = np.array([judged[finalists], [again[trial] for trial in finalists]], "float64")
        judged = np.average(both, axis=0, weights=[budget.tuning_seeds, budget.recheck_seeds])
        refused = None if refused is None else refused[finalists]
    (best,) = best_trials(judged, metric, 1, refused)
    return Choice(finalists[best] if finalists else best, float(judged[best]))


def of_record(record: Record, metric: Metric) -> Choice | None:
    """What tuning chose in a cell; None where it chose nothing by this metric."""
    scores = record.trials.get(metric.name, ())
    if not len(scores) or metric.name not in record.thetas:
        return None
    again = dict(zip(record.recheck.get("trial", ()), record.recheck.get(metric.name, ()), strict=True))
    return choose(scores, again, metric, record.cell.budget, refused(record.trials))


def _cost(scores: Sequence[float] | np.ndarray, metric: Metric) -> np.ndarray:
    """Lower is better; infinite for what is no number."""
    return np.nan_to_num(-metric.sign * np.asarray(scores, "float64"), nan=np.inf)
