"""The score of the best of k trials for every k, with intervals over problems, trials and tasks.

The best by the tuning problems, scored on the report problems, its mean over all ways to take k of the trials. A
replicate draws trials, tuning problems and report problems of a task with replacement, the report problems the same
for all entrants; over several tasks it draws tasks too.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from math import comb
from typing import Any, NamedTuple

import numpy as np

from bench.scores.statistics import Interval, generator, iqm
from bench.studies.generalist.trials import Scores

KS = (0, 1, 2, 4, 8, 16, 24, 64, 128)
"""Trials; 0: the defaults."""
REPLICATES = 200
_LEVELS = (0.025, 0.975)


class Curve(NamedTuple):
    """`value` (K,), NaN beyond the trials there are, and its replicates (REPLICATES, K)."""

    value: np.ndarray
    replicates: np.ndarray


def curve(task: str, label: str, scores: Scores, replicates: int = REPLICATES) -> Curve:
    """Of one entrant on one task."""
    trials, weights = len(scores.tuning), chances(len(scores.tuning))
    shared, own = generator(_seed(task)), generator(_seed(f"{task}/{label}"))
    value = _of_means(scores.default.mean(), scores.tuning.mean(1), scores.report.mean(1), weights)
    problems, tuning = scores.report.shape[1], scores.tuning.shape[1]
    rows = np.empty((replicates, len(KS)))
    for i in range(replicates):
        seen = shared.integers(0, problems, problems)
        drawn, tuned = own.integers(0, max(trials, 1), trials), own.integers(0, tuning, tuning)
        first = _resampled(scores.tuning, tuned)[drawn]
        second = _resampled(scores.report, seen)[drawn]
        rows[i] = _of_means(scores.default[seen].mean(), first, second, weights)
    return Curve(value, rows)


def chances(trials: int) -> np.ndarray:
    """(K, trials): the chance that the i-th best of all is the best of k of them; NaN where there are fewer than k.

    >>> from bench.studies.generalist.best_of import chances
    >>> chances(3)[2].tolist()
    [0.6666666666666666, 0.3333333333333333, 0.0]
    """
    rows = np.full((len(KS), trials), np.nan)
    for row, k in zip(rows, KS, strict=True):
        if 0 < k <= trials:
            row[:] = [comb(trials - 1 - i, k - 1) / comb(trials, k) for i in range(trials)]
    return rows


def together(curves: Sequence[Curve], how: str = "mean") -> Curve:
    """The mean over tasks, or their interquartile mean ("iqm"), tasks drawn again in every replicate."""
    pool = np.mean if how == "mean" else iqm
    values = np.stack([one.value for one in curves])
    replicates = np.stack([one.replicates for one in curves])
    rng = generator(len(curves))
    drawn = rng.integers(0, len(curves), (replicates.shape[1], len(curves)))
    rows = np.stack([pool(replicates[tasks, i], axis=0) for i, tasks in enumerate(drawn)])
    return Curve(pool(values, axis=0), rows)


def intervals(found: Curve) -> Interval:
    """(K,) each."""
    low, high = np.quantile(found.replicates, _LEVELS, axis=0)
    return Interval(found.value, low, high)


def behind(first: Curve, other: Curve) -> Curve:
    """`first` untuned less `other` tuned with k trials: below 0 `first` is ahead."""
    return Curve(first.value[:1] - other.value, first.replicates[:, :1] - other.replicates)


def counts(firsts: Mapping[str, Curve], others: Mapping[str, Curve]) -> list[tuple[int, int, int, int]]:
    """For every k, of the tasks that have as many trials: (ahead, ahead for sure, behind for sure, tasks)."""
    found = [intervals(behind(firsts[task], others[task])) for task in firsts]
    rows = []
    for i in range(len(KS)):
        known = [(one.value[i], one.low[i], one.high[i]) for one in found if np.isfinite(one.value[i])]
        rows.append(
            (
                sum(value < 0 for value, _, _ in known),
                sum(high < 0 for _, _, high in known),
                sum(low > 0 for _, low, _ in known),
                len(known),
            )
        )
    return rows


def _of_means(default, tuning, report, weights) -> np.ndarray:
    means = weights @ report[np.argsort(tuning, kind="stable")] if len(report) else np.full(len(KS), np.nan)
    means[0] = default
    return means


def _resampled(scores: np.ndarray, drawn: Any) -> np.ndarray:
    """Means (trials,) over the problems drawn."""
    shares = np.bincount(drawn, minlength=scores.shape[1]) / len(drawn)
    return scores @ shares


def _seed(text: str) -> int:
    return zlib.crc32(text.encode())
