"""Scores of runs by the metrics of the targets, and the weights' set beside a baseline's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench.records.record import Runs
from bench.scores.metrics import LOG_FLOOR, METRICS
from bench.scores.statistics import Interval, generator, mean_interval, ratio


class Verdict(NamedTuple):
    """A number with its paired 95 % interval, and "held", "by estimate", "missed" or "reported"."""

    value: float
    low: float
    high: float
    word: str


def scores(metric: str, runs: Runs, floor: float) -> np.ndarray:
    """(…) of each run, lower is better: a metric of bench.scores.metrics, or `log_final`, log10 of `final`."""
    if metric == "log_final":
        return np.log10(METRICS["final"].score(runs, floor) + LOG_FLOOR)
    return np.asarray(METRICS[metric].score(runs, floor), "float64")


def compare(how: str, learned: np.ndarray, baseline: np.ndarray) -> Interval:
    """Both (problems,), paired: ratio or difference of means, or the share of problems where `learned` is lower."""
    if how == "wins":
        wins = (learned < baseline).astype("float64")
        return mean_interval(wins)
    return ratio(learned, baseline, generator(), difference=how == "difference")


def judge(found: Interval, how: str, bound: float | None) -> Verdict:
    """Held: the whole interval meets `bound`. By estimate: only the number itself does."""
    value, low, high = (float(part) for part in found)
    if bound is None:
        return Verdict(value, low, high, "reported")
    if how == "wins":
        held, near = low >= bound, value >= bound
    else:
        held, near = high <= bound, value <= bound
    word = "held" if held else "by estimate" if near else "missed"
    return Verdict(value, low, high, word)
