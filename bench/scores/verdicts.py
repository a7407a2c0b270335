"""Learned against hand-designed, task by task: ahead, behind or a tie, and by how much.

The rival is the hand-designed entry that tuning found best. Picked on the report problems instead, it is the luckiest
there: a learned entry equal to 32 of them would be behind in a quarter of all races.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bench.scores import intervals, scale, statistics
from bench.scores.measures import Scored
from bench.scores.metrics import METRICS, Metric, get
from bench.scores.results import Results, finished, load, task_scores
from bench.scores.selection import of_record

_ABOUT = ["task", "optimizer", "metric", "baseline", "score", "baseline_score"]


class Effect(NamedTuple):
    """How scores compare, paired by problem: ratio or difference of their means with its 95 % interval, none where a
    few problems decide it; the median over problems with its own; and the two-sided p that means do not differ.
    """

    effect: float
    low: float
    high: float
    median: float
    median_low: float
    median_high: float
    p: float


def verdicts(out: Any, metric_for_task: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Each learned entry against the hand-designed one that tuning found best on each task, by its metric (mean_loss).

    `effect` compares means over problems, geometric ones where a metric has no upper bound, learned to baseline, as the
    metric says, with its 95 % interval, paired by problem; `median` is that over problems. `word` is "ahead", "behind",
    or "tie" where p is above 5 %, or where `effect` has no interval and that of the median leaves it open.
    A task has no rows if no hand-designed entry was tuned on it and there is more than one: none can be picked.
    """
    results = load(out)
    rows = []
    for task in results.tasks:
        metric = get((metric_for_task or {}).get(task, "mean_loss"))
        rows += _task_verdicts(results, task, metric)
    return pd.DataFrame(rows, columns=[*_ABOUT, *Effect._fields, "word"])


def rival(results: Results, task: str, metric: Metric) -> str | None:
    """The hand-designed entry whose chosen θ scored best on the problems of tuning; the only one where none was tuned.

    By mean_loss where nothing was tuned for `metric`. None where there is none or where several were not tuned.
    """
    entries = [
        record
        for record in results.of_task(task)
        if record is not None and finished(record) and record.kind == "hand-designed"
    ]
    for judged in (metric, METRICS["mean_loss"]):
        chosen = {record.cell.optimizer: of_record(record, judged) for record in entries}
        tuned = {name: judged.sign * c.score for name, c in chosen.items() if c is not None and np.isfinite(c.score)}
        if tuned:
            return max(tuned, key=lambda name: tuned[name])
    return entries[0].cell.optimizer if len(entries) == 1 else None


def compare(metric: Metric, scores: np.ndarray, base: np.ndarray) -> Effect:
    """`scores` to `base`, both (problems,) and paired: ratio of means, geometric ones where the metric has no upper
    bound, or difference, as the metric says.
    """
    pair = np.stack([base, scores])
    on_scale = scale.leveled(metric, pair)
    means, drawn = on_scale.mean(axis=1), statistics.resampled_means(on_scale, statistics.generator())
    p = float(statistics.p_values(means, drawn, [len(scores)])[0, 1])
    of_means = whole = intervals.student(means[1] - means[0], drawn[:, 1] - drawn[:, 0], len(scores))
    middle = paired_median(metric, scores, base)
    if metric.in_logs:
        whole = scale.shown_interval(metric, of_means)
    elif not metric.differs:
        whole = statistics.ratio(scores, base, statistics.generator())
    low, high = (np.nan, np.nan) if np.isnan(of_means.low) else map(float, whole[1:])
    return Effect(float(whole.value), low, high, float(middle.value), float(middle.low), float(middle.high), p)


def paired_median(metric: Scored, scores: np.ndarray, base: np.ndarray) -> statistics.Interval:
    """Median over problems of what `scores` are over `base`, ratio or difference, both (problems,) and paired."""
    if metric.differs:
        return intervals.median(scores - base)
    if metric.in_logs:
        found = intervals.median(scale.leveled(metric, scores) - scale.leveled(metric, base))
        return scale.shown_interval(metric, found)
    return intervals.median(_ratios(scores, base))


def _ratios(scores: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Problem by problem; 0 / 0 is 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(scores == base, 1.0, scores / base)


def _task_verdicts(results: Results, task: str, metric: Metric) -> list[dict[str, Any]]:
    baseline = rival(results, task, metric)
    if baseline is None:
        return []
    table = dict(zip(results.optimizers, task_scores(results, task, metric), strict=True))
    learned = [name for name in results.optimizers if results.kind(name) == "learned"]
    return [_verdict(task, metric, (name, table[name]), (baseline, table[baseline])) for name in learned]


def _verdict(task: str, metric: Metric, mine: tuple[str, np.ndarray], theirs: tuple[str, np.ndarray]) -> dict[str, Any]:
    """A row, of (name, scores) of both."""
    effect = compare(metric, mine[1], theirs[1])
    a, b = (float(scale.shown(metric, scale.leveled(metric, scores).mean())) for _, scores in (mine, theirs))
    values = (task, mine[0], metric.name, theirs[0], a, b)
    return {**dict(zip(_ABOUT, values, strict=True)), **effect._asdict(), "word": _word(metric, a, b, effect)}


def _word(metric: Metric, a: float, b: float, effect: Effect) -> str:
    even = 1.0 if metric.comparison == "ratio" else 0.0
    open_middle = not (effect.median_low > even or effect.median_high < even)
    if effect.p > statistics.SIGNIFICANCE or (np.isnan(effect.low) and open_middle):
        return "tie"
    return "ahead" if metric.sign * a > metric.sign * b else "behind"
