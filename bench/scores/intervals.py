"""Intervals whose level was measured on real scores: of means with their limits, of medians and of shares.

A mean has none where a few runs decide it. `docs/statistics.md` says how often each covers.
"""

from __future__ import annotations

import functools
import math
from statistics import NormalDist

import numpy as np

from bench.scores import distributions
from bench.scores.statistics import LEVEL, REPLICATES, Interval

HEAVY = 0.2
"""Skewness of the bootstrap distribution of a mean beyond which Student's t does not cover: Cochran's rule (1977,
Sampling Techniques, 2.15), n > 25 g² for scores of skewness g, since a mean of n has skewness g / √n."""
_ROUNDING = 1e-12
FEWEST = 30
"""Problems below which there are no ranks, and no interval of a raw mean: a few cannot show how heavy tails are."""


def heavy(replicates: np.ndarray) -> np.ndarray:
    """Whether a few runs decide a mean: (replicates, …) -> (…) bool, True beyond a skewness of HEAVY.

    So they do where nothing varies: what differs was not drawn.
    """
    middle = replicates.mean(axis=0)
    with np.errstate(all="ignore"):
        centered = replicates - middle
        spread = np.sqrt((centered**2).mean(axis=0))
        skewness = (centered**3).mean(axis=0) / spread**3
    return (np.abs(skewness) > HEAVY) | (spread <= _ROUNDING * np.abs(middle))


def deviation(replicates: np.ndarray, problems: int) -> np.ndarray:
    """Standard error from bootstrap replicates (replicates, …) of means over `problems`; unbiased: n / (n − 1)."""
    if problems < 2:
        return np.full(replicates.shape[1:], np.nan)
    with np.errstate(invalid="ignore"):
        return replicates.std(axis=0) * math.sqrt(problems / (problems - 1))


def student(value: np.ndarray, replicates: np.ndarray, problems: int) -> Interval:
    """`value` ± t · standard error, t with `problems` − 1 degrees of freedom (Student, 1908); none where `heavy`.

    `problems`: of the task with the fewest, where replicates are over tasks.
    """
    replicates = replicates[:REPLICATES]
    half = np.full(np.shape(value), np.nan)
    if problems > 1:
        half = distributions.t_quantile(LEVEL, problems - 1) * deviation(replicates, problems)
        half = np.where(heavy(replicates), np.nan, half)
    return Interval(value, value - half, value + half)


def raw(value: np.ndarray, replicates: np.ndarray, problems: int) -> Interval:
    """`student` of means without an upper bound on a score: besides, none below FEWEST problems."""
    if problems < FEWEST:
        return Interval(value, *np.full((2, *np.shape(value)), np.nan))
    return student(value, replicates, problems)


def expanded(value: np.ndarray, replicates: np.ndarray, count: int) -> Interval:
    """Percentile interval of resamples of `count` things, as much wider as Student's t asks (Hesterberg, 2015).

    Its tails are Φ(−t √(n / (n − 1))) rather than 2.5 %; it never leaves what resamples reach.
    """
    t = distributions.t_quantile(LEVEL, count - 1)
    tail = 100 * NormalDist().cdf(-t * math.sqrt(count / (count - 1)))
    return Interval(value, *np.percentile(replicates, [tail, 100 - tail], axis=0))


def median(scores: np.ndarray) -> Interval:
    """Median over the last axis, with the interval between order statistics that needs no distribution.

    Interpolated to 95 % (Hettmansperger & Sheather, 1986); none below six problems.
    """
    ordered, n = np.sort(scores, axis=-1), scores.shape[-1]
    value = np.median(ordered, axis=-1)
    k, share = _order(n)
    if not k:
        return Interval(value, *np.full((2, *value.shape), np.nan))
    low = (1 - share) * ordered[..., k - 1] + share * ordered[..., k]
    high = (1 - share) * ordered[..., n - k] + share * ordered[..., n - k - 1]
    return Interval(value, low, high)


def proportion(count: int, of: int) -> tuple[float, float]:
    """Bounds of a share, exact: Clopper & Pearson (1934), at least 95 %; NaN of nothing."""
    if not of:
        return math.nan, math.nan
    tail = (1 - LEVEL) / 2
    low = distributions.beta_quantile(tail, count, of - count + 1) if count else 0.0
    high = distributions.beta_quantile(1 - tail, count + 1, of - count) if count < of else 1.0
    return low, high


@functools.cache
def _order(n: int) -> tuple[int, float]:
    """k, so that the k-th lowest and the k-th highest enclose the median in at least 95 %, and the share of the step
    to the next ones inward that leaves 95 %; k = 0 where not even the extremes do.
    """
    below, k, level = 0.0, 0, 0.0
    while k < n // 2:
        below += _chance(n, k)
        if 1 - 2 * below < LEVEL:
            break
        k, level = k + 1, 1 - 2 * below
    if not k or n - k - 1 < k:
        return k, 0.0
    inner = level - 2 * _chance(n, k)
    excess = (level - LEVEL) / (level - inner)
    return k, (n - k) * excess / (k + (n - 2 * k) * excess)


def _chance(n: int, k: int) -> float:
    """P(k heads of n)."""
    return math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2))
