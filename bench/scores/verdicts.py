"""Learned against hand-designed, task by task: ahead, behind or a tie, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bench.scores import statistics
from bench.scores.metrics import Metric, get
from bench.scores.results import Results, load, task_scores

_VERDICT = ["task", "optimizer", "metric", "baseline", "score", "baseline_score", "effect", "low", "high", "word"]


def verdicts(out: Any, metric_for_task: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Each learned entry against the best hand-designed one of each task, by the task's metric (mean_loss).

    `effect` compares mean scores as the metric says, learned to baseline, paired by seed, with its 95 % interval;
    `word` is "ahead", "behind", or "tie" where the interval leaves it open.
    """
    results = load(out)
    rows = []
    for task in results.tasks:
        metric = get((metric_for_task or {}).get(task, "mean_loss"))
        rows += _task_verdicts(results, task, metric)
    return pd.DataFrame(rows, columns=_VERDICT)


def compare(metric: Metric, scores: np.ndarray, base: np.ndarray) -> statistics.Interval:
    """`scores` to `base`, both (problems,) and paired: the ratio of means, or the difference, as `metric` says."""
    return statistics.ratio(scores, base, statistics.generator(), difference=metric.differs)


def _task_verdicts(results: Results, task: str, metric: Metric) -> list[dict[str, Any]]:
    table = task_scores(results, task, metric)
    kinds = [results.kind(name) for name in results.optimizers]
    baselines = [i for i, kind in enumerate(kinds) if kind == "hand-designed"]
    learned = [i for i, kind in enumerate(kinds) if kind == "learned"]
    if not baselines:
        return []
    best = max(baselines, key=lambda i: metric.sign * table[i].mean())
    return [_verdict(results, task, table, metric, i, best) for i in learned]


def _verdict(results: Results, task: str, table: np.ndarray, metric: Metric, i: int, best: int) -> dict[str, Any]:
    effect = compare(metric, table[i], table[best])
    even = 0.0 if metric.differs else 1.0
    gain, loss = (effect.low, effect.high) if metric.sign > 0 else (-effect.high, -effect.low)
    even *= metric.sign
    word = "ahead" if gain > even else "behind" if loss < even else "tie"
    values = (
        task,
        results.optimizers[i],
        metric.name,
        results.optimizers[best],
        float(table[i].mean()),
        float(table[best].mean()),
        *map(float, effect),
        word,
    )
    return dict(zip(_VERDICT, values, strict=True))
