"""How much of a tuned score is the luck of which trials were drawn: from the trials table alone, no new runs.

The interval says where the best of as many other trials would have come to lie on the same tuning problems. Its worse
end is an order statistic and holds whatever the scores look like: all of the SAFE best of both draws together are in
one of them with probability 2 ** −SAFE. Its better end is extrapolated, as nobody has seen a better trial: by the
distance from the best to the SAFE-th best, times half the number of settings searched, as scores rise with the square
of the distance from the best θ. Trials are treated as independent; a quasi-random sequence varies less.

Distances are taken on the scale that means are (bench.scores.scale), logarithms of a metric without an upper bound. It
lives on scores of the tuning problems, before the re-check: only the winner was raced on the report problems. What
is said of report scores, `low_trials` to `high_trials`, carries the difference over.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

import numpy as np

from bench.records.record import Record
from bench.scores import scale, statistics
from bench.scores.measures import Scored
from bench.scores.metrics import METRICS, Metric
from bench.scores.results import Results, finished

SAFE = 6
DRAWS = 4000
NOTE = (
    "[other trials] (low_trials, high_trials): 95 % interval of the score if tuning had drawn other trials, "
    f"estimated on the tuning problems; none for optimizers that were not tuned, or by fewer than {SAFE} trials."
)


class Luck(NamedTuple):
    """Score on the tuning problems of the best trial, and its 95 % interval over other draws of as many trials.

    The interval is NaN for fewer than SAFE trials.
    """

    score: float
    low: float
    high: float


def luck(record: Record, metric: Metric) -> Luck | None:
    """None where nothing was tuned."""
    if not finished(record) or metric.name not in record.trials:
        return None
    return of_scores(np.asarray(record.trials[metric.name], float), settings(record), metric)


def of_scores(scores: np.ndarray, searched: int, metric: Metric) -> Luck:
    """Of trials' mean scores (n,), `searched` settings varying among them."""
    ordered = best_first(scores, metric)
    best = float(ordered[0])
    if len(ordered) < SAFE:
        return Luck(best, np.nan, np.nan)
    level, behind = scale.leveled(metric, ordered[[0, SAFE - 1]])
    better = _within(level + (level - behind) * max(1.0, searched / 2), metric)
    ends = sorted([float(scale.shown(metric, better)), float(ordered[SAFE - 1])])
    return Luck(best, ends[0], ends[1])


def best_first(scores: np.ndarray, metric: Scored) -> np.ndarray:
    return np.sort(np.where(np.isfinite(scores), scores, metric.worst))[:: -metric.sign]


def settings(record: Record) -> int:
    """How many settings tuning searched."""
    return sum(name != "trial" and name not in METRICS for name in record.trials)


def replicates(record: Record | None, metric: Scored, rng: np.random.Generator) -> np.ndarray:
    """Changes (DRAWS,) of the tuned score, on its scale, under other draws of the trials; zeros where none was tuned.

    The best of a random half of the trials lies as far behind the best of all as that lies behind, or ahead of, the
    best of another draw: that distance with either sign, and on the better side stretched as `of_scores` does.
    """
    if record is None or not finished(record) or metric.name not in record.trials:
        return np.zeros(DRAWS)
    ordered = scale.leveled(metric, best_first(np.asarray(record.trials[metric.name], float), metric))
    if len(ordered) < SAFE:
        return np.full(DRAWS, np.nan)
    place = np.minimum(rng.geometric(0.5, DRAWS), len(ordered)) - 1
    behind = ordered[place] - ordered[0]
    ahead = -max(1.0, settings(record) / 2) * behind
    drawn = ordered[0] + np.where(rng.random(DRAWS) < 0.5, behind, ahead)
    return _within(drawn, metric) - ordered[0]


def of_task(results: Results, task: str, means: np.ndarray, metric: Metric) -> statistics.Interval:
    """Intervals of the mean report scores (entries,), on their scale, of a task over other draws of the trials."""
    return statistics.interval(means, moved(results, task, means, metric).T)


def of_suite(results: Results, means: np.ndarray, metric: Metric) -> statistics.Interval:
    """The same of the interquartile mean over tasks of means (tasks, entries)."""
    draws = []
    for entry in range(len(results.optimizers)):  # all at once would be gigabytes for 100 tasks and 200 entries
        of_tasks = zip(results.tasks, means[:, entry], strict=True)
        draws.append(statistics.iqm(np.stack([_moved(results, task, entry, mean, metric) for task, mean in of_tasks])))
    return statistics.interval(statistics.iqm(means), np.stack(draws, axis=1))


def moved(results: Results, task: str, means: np.ndarray, metric: Scored) -> np.ndarray:
    """Means (entries, DRAWS) of a task as other trials would have moved them, whoever else is there."""
    return np.stack([_moved(results, task, entry, mean, metric) for entry, mean in enumerate(means)])


def _moved(results: Results, task: str, entry: int, mean: float, metric: Scored) -> np.ndarray:
    """The row of `moved` of one of `results.optimizers`."""
    name = results.optimizers[entry]
    rng = statistics.generator(zlib.crc32(f"{task}/{name}".encode()))
    return _within(mean + replicates(results.records.get((task, name)), metric, rng), metric)


def _within(scores: np.ndarray, metric: Scored) -> np.ndarray:
    """Scores on their scale, no better than there can be: shares up to 1, ratios of losses down to 0."""
    if metric.differs or metric.in_logs:
        return scores
    return np.minimum(scores, 1.0) if metric.sign > 0 else np.maximum(scores, 0.0)
