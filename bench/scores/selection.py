"""Which configuration tuning chooses: one rule for who tunes and for who reads what was tuned.

By a metric, the finalists of the budget are the best on the tuning problems; of those that raced again, the best mean
over both sets of problems wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bench.records.record import Budget, Record
from bench.scores.metrics import Metric


class Choice(NamedTuple):
    """`trial`: row of the trials table. `score`: its mean over the problems that it was judged on."""

    trial: int
    score: float


def best_trials(scores: Sequence[float], metric: Metric, count: int) -> list[int]:
    """The `count` best of trials' mean scores (n,), best first; the first of equals."""
    return np.argsort(_cost(scores, metric), kind="stable")[:count].tolist()


def choose(scores: Sequence[float], again: Mapping[int, float], metric: Metric, budget: Budget) -> Choice:
    """Of trials' mean scores (n,) on the tuning problems, and those of some trials on the re-check problems."""
    finalists = sorted(trial for trial in best_trials(scores, metric, budget.finalists) if trial in again)
    judged = np.asarray(scores, "float64")
    if finalists:
        both = np.array([judged[finalists], [again[trial] for trial in finalists]], "float64")
        judged = np.average(both, axis=0, weights=[budget.tuning_seeds, budget.recheck_seeds])
    best = int(np.argmin(_cost(judged, metric)))
    return Choice(finalists[best] if finalists else best, float(judged[best]))


def of_record(record: Record, metric: Metric) -> Choice | None:
    """What tuning chose in a cell; None where it chose nothing by this metric."""
    scores = record.trials.get(metric.name, ())
    if not len(scores) or metric.name not in record.thetas:
        return None
    again = dict(zip(record.recheck.get("trial", ()), record.recheck.get(metric.name, ()), strict=True))
    return choose(scores, again, metric, record.cell.budget)


def _cost(scores: Sequence[float] | np.ndarray, metric: Metric) -> np.ndarray:
    """Lower is better; infinite for what is no number."""
    return np.nan_to_num(-metric.sign * np.asarray(scores, "float64"), nan=np.inf)
