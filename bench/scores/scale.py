"""The scale on which scores are averaged, ranked and compared: logarithms where a few runs would decide a mean.

Of a metric that has no upper bound (`Metric.in_logs`: mean_loss, final, best), that is the geometric mean, as mean_log
is of losses along a run; other scores are averaged as they are. Five runs of 512 that diverge move a raw mean a
million-fold.
"""

from __future__ import annotations

import numpy as np

from bench.scores.measures import Scored
from bench.scores.metrics import LOG_FLOOR
from bench.scores.statistics import Interval

GEOMETRIC = "geometric mean"


def leveled(metric: Scored, scores: np.ndarray) -> np.ndarray:
    """Scores on the scale of the metric: (…) -> (…)."""
    return np.log10(np.maximum(scores, 0.0) + LOG_FLOOR) if metric.in_logs else np.asarray(scores, "float64")


def shown(metric: Scored, values: np.ndarray) -> np.ndarray:
    """Means on that scale as scores again."""
    return np.power(10.0, values) if metric.in_logs else np.asarray(values)


def shown_interval(metric: Scored, found: Interval) -> Interval:
    """`shown`, of a value and its bounds."""
    return Interval(*(shown(metric, part) for part in found))


def mean_name(metric: Scored) -> str:
    """What a mean on the scale is called."""
    return GEOMETRIC if metric.in_logs else "mean"
