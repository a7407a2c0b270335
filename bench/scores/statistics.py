"""Means, comparisons and rank ranges from scores, all by one paired bootstrap over seeds.

Scores of a suite are {task: (entries, seeds)}: one row per entry, paired by seed, seed counts may differ between tasks.
A bootstrap replicate resamples the seeds of each task once for all entries; what it gives an entry does not depend on
which others are there, bit for bit. Across tasks: the interquartile mean of per-task means, equal weight per task
(Agarwal et al., 2021, Deep RL at the edge of the statistical precipice).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bench.scores import distributions

REPLICATES = 10_000
LEVEL = 0.95
SIGNIFICANCE = 0.05
_CHUNK = 250
"""Replicates whose weights stay in the processor's cache."""


class Interval(NamedTuple):
    """A number with its 95 % interval; low and high are NaN where one seed gives none."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


def generator(seed: int = 0) -> np.random.Generator:
    """Random numbers for a bootstrap; the same ones for the same seed on every machine."""
    return np.random.Generator(np.random.Philox(seed))


def iqm(means: np.ndarray, axis: int = 0) -> np.ndarray:
    """Interquartile mean: the mean without the lowest and the highest quarter (rounded down) along `axis`."""
    count = means.shape[axis]
    cut = count // 4
    middle = (slice(None),) * (axis % means.ndim) + (slice(cut, count - cut),)
    return np.sort(means, axis=axis)[middle].mean(axis=axis)


def resampled_means(scores: np.ndarray, rng: np.random.Generator, replicates: int = REPLICATES) -> np.ndarray:
    """Bootstrap means over seeds: (entries, seeds) -> (replicates, entries); NaN for a single seed.

    Drawing seeds with replacement is drawing multinomial weights. More replicates only add rows.
    """
    entries, seeds = scores.shape
    if seeds < 2:
        return np.full((replicates, entries), np.nan)
    rows = [np.ascontiguousarray(row, "float64") for row in scores]
    means = np.empty((entries, -(-replicates // _CHUNK) * _CHUNK))
    for start in range(0, means.shape[1], _CHUNK):
        weights = _weights(rng, seeds)
        for entry, row in enumerate(rows):  # one matrix product would round differently in other company
            means[entry, start : start + _CHUNK] = weights @ row
    return means[:, :replicates].T


def _weights(rng: np.random.Generator, seeds: int) -> np.ndarray:
    """Shares of each seed in a chunk of replicates: (_CHUNK, seeds), rows sum to 1."""
    drawn = rng.integers(0, seeds, (_CHUNK, seeds), dtype="int32")
    drawn += np.arange(0, _CHUNK * seeds, seeds, dtype="int32")[:, None]
    counts = np.bincount(drawn.ravel(), minlength=_CHUNK * seeds)
    return counts.reshape(_CHUNK, seeds) / seeds


def suite_means(
    scores: Mapping[str, np.ndarray] | Sequence[np.ndarray] | np.ndarray,
    rng: np.random.Generator,
    replicates: int = REPLICATES,
) -> tuple[np.ndarray, np.ndarray]:
    """Per-task means (tasks, entries) and their replicates (replicates, tasks, entries)."""
    arrays = list(scores.values()) if isinstance(scores, Mapping) else list(scores)
    streams = rng.spawn(len(arrays))
    parts = [resampled_means(a, s, replicates) for a, s in zip(arrays, streams, strict=True)]
    return np.stack([array.mean(axis=1) for array in arrays]), np.stack(parts, axis=1)


def suite_iqms(
    scores: Mapping[str, np.ndarray], rng: np.random.Generator, replicates: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per-task means (tasks, entries), replicates of their IQM (replicates, entries), and of them.

    The numbers of `suite_means`, chunk by chunk: what is sorted stays in the processor's cache.
    """
    arrays, streams = list(scores.values()), rng.spawn(len(scores))
    means = np.stack([array.mean(axis=1) for array in arrays])
    kept = np.empty((replicates, *means.shape))
    iqms = np.empty((replicates, means.shape[1]))
    for chunk in _chunks(replicates):
        for task, (array, stream) in enumerate(zip(arrays, streams, strict=True)):
            kept[chunk, task] = resampled_means(array, stream, len(iqms[chunk]))
        iqms[chunk] = iqm(kept[chunk], axis=1)
    return means, iqms, kept


def _chunks(replicates: int) -> list[slice]:
    return [slice(start, min(start + _CHUNK, replicates)) for start in range(0, replicates, _CHUNK)]


def interval(value: np.ndarray, replicates: np.ndarray) -> Interval:
    """Percentile interval of `value` (…) from `replicates` (replicates, …)."""
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(replicates, [tail, 100 - tail], axis=0)
    return Interval(value, low, high)


def mean_interval(values: np.ndarray) -> Interval:
    """Mean of (S,) numbers with its interval over other draws of as many; NaN bounds for a single one."""
    return interval(values.mean(), resampled_means(values[None], generator())[:, 0])


def with_tasks(replicates: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Resample tasks too: (replicates, tasks, entries) -> same shape, tasks drawn with replacement.

    A task drawn twice brings two independent resamples of its seeds: slot m takes those of the m-th next replicate.
    """
    return replicates[_drawn_tasks(replicates, rng)]


def iqms_with_tasks(replicates: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`iqm` over the tasks of `with_tasks`, chunk by chunk: (replicates, tasks, entries) -> (replicates, entries)."""
    shifted, drawn = _drawn_tasks(replicates, rng)
    return np.concatenate([iqm(replicates[shifted[at], drawn[at]], axis=1) for at in _chunks(len(replicates))])


def _drawn_tasks(replicates: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Where `with_tasks` finds its slots: replicate and task, (replicates, tasks) each."""
    count, tasks, _ = replicates.shape
    drawn = rng.integers(0, tasks, (count, tasks))
    return (np.arange(count)[:, None] + np.arange(tasks)) % count, drawn


def p_values(values: np.ndarray, replicates: np.ndarray, problems: Sequence[int]) -> np.ndarray:
    """Paired two-sided p of every pair of entries: (entries,) and (replicates, entries) -> (entries, entries).

    Student's t of the difference over its bootstrap standard error, with the degrees of freedom of the task with the
    fewest `problems` (tasks,); not below 2 / 2**problems of all tasks, the least that any sign-flip test of that many
    pairs can give. 1 on the diagonal and where there is no interval.
    """
    entries, fewest = len(values), min(problems)
    p, least = np.ones((entries, entries)), 2.0 ** (1 - min(sum(problems), 1000))
    if fewest < 2:
        return p
    for i in range(entries):
        with np.errstate(invalid="ignore"):
            apart = replicates[:, i + 1 :] - replicates[:, i, None]
            errors = apart.std(axis=0) * np.sqrt(fewest / (fewest - 1))
        for j, error in enumerate(errors, start=i + 1):
            difference = float(values[j] - values[i])
            found = _p_of_t(difference, float(error), fewest - 1) if error > 0 else _p_of_counts(apart[:, j - i - 1])
            p[i, j] = p[j, i] = min(1.0, max(least, found)) if difference != 0 else 1.0
    return p


def _p_of_t(difference: float, error: float, degrees: int) -> float:
    return distributions.two_sided_t(difference / error, degrees)


def _p_of_counts(apart: np.ndarray) -> float:
    """Twice the share of replicates on the smaller side of zero, for differences all equal or not all finite."""
    if np.isnan(apart).any():
        return 1.0
    extreme = min((apart <= 0).sum(), (apart >= 0).sum())
    return 2 * (extreme + 1) / (len(apart) + 1)


def holm(p: np.ndarray) -> np.ndarray:
    """Adjusted p-values of a family (n,), after Holm (1979)."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def holm_pairs(p: np.ndarray) -> np.ndarray:
    """`holm` over the pairs of a symmetric matrix (n, n); the diagonal stays 1."""
    upper = np.triu_indices(len(p), 1)
    adjusted = np.ones_like(p)
    adjusted[upper] = holm(p[upper])
    return np.minimum(adjusted, adjusted.T)


def rank_ranges(scores: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest rank (n,) that entries may hold: scores (n,), higher is better, p (n, n) adjusted.

    1 + the number of significantly better ones, n − the number of significantly worse ones.
    """
    differs = p <= SIGNIFICANCE
    better = (differs & (scores[None, :] > scores[:, None])).sum(axis=1)
    worse = (differs & (scores[None, :] < scores[:, None])).sum(axis=1)
    return 1 + better, len(scores) - worse


def ratio(scores: np.ndarray, baseline: np.ndarray, rng: np.random.Generator, *, difference: bool = False) -> Interval:
    """Mean score over mean baseline, both (seeds,) paired by seed, with its interval; or their difference."""
    pair = np.stack([scores, baseline])
    means, replicates = pair.mean(axis=1), resampled_means(pair, rng)
    combine = np.subtract if difference else np.divide
    with np.errstate(divide="ignore", invalid="ignore"):
        return interval(combine(*means), combine(*replicates.T))
