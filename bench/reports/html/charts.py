"""Curves and profiles as plain numbers for the page's own drawing: bands over problems, one line per optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bench.reports.html.cells import thousandths, whole
from bench.reports.pictures.curves import relative
from bench.reports.pictures.shown import MANY, NAMED
from bench.scores.metrics import METRICS, Metric
from bench.scores.profiles import Profile, TrialCurve, ecdf, profile, trial_curves
from bench.scores.results import Results, finished


def task_curves(results: Results, task: str, table: pd.DataFrame, metric: Metric) -> dict[str, Any]:
    """Median and 25–75 % band of the loss above the floor over problems, of each optimizer; `named`: drawn in color."""
    lines = {}
    for name, record in zip(results.optimizers, results.of_task(task), strict=True):
        if record is not None and finished(record):
            steps, quantiles = relative(record)
            lines[name] = {"steps": steps, "y": whole(thousandths(quantiles))}
    trials = task_trials(results, task, metric)
    return {"lines": lines, "named": named(results, table), "metric": metric.name, "trials": trials}


def across(results: Results, board: pd.DataFrame) -> dict[str, Any]:
    """Over all tasks: targets reached by step, share of runs by score, and score by number of trials."""
    metric = METRICS["anytime"]
    return {
        "named": named(results, board),
        "ecdf": _lines(ecdf(results)),
        "profile": _lines(profile(results, metric)),
        "trials": _over_tasks([trial_curves(results, task, metric) for task in results.tasks]),
    }


def task_trials(results: Results, task: str, metric: Metric) -> dict[str, Any]:
    """Score on the tuning problems of the best of k trials: median and middle half over the ways to draw k."""
    return {
        name: {"x": curve.k, "y": _short(curve.median), "low": _short(curve.low), "high": _short(curve.high)}
        for name, curve in trial_curves(results, task, metric).items()
    }


def _over_tasks(curves: list[Mapping[str, TrialCurve]]) -> dict[str, Any]:
    """Means over the tasks of optimizers that were tuned on all of them, at the numbers of trials that all share."""
    names = [name for name in curves[0] if all(name in each for each in curves)]
    found = {}
    for name in names:
        shared = [k for k in curves[0][name].k if all(k in each[name].k for each in curves)]
        rows = [each[name].mean[np.isin(each[name].k, shared)] for each in curves]
        found[name] = {"x": shared, "y": _short(np.mean(rows, axis=0))}
    return found


def _lines(shown: Profile) -> dict[str, Any]:
    return {name: {"x": _short(shown.x), "y": _short(line)} for name, line in shown.lines.items()}


def _short(values: np.ndarray) -> list[float]:
    """Four significant digits: a pixel of a chart is more."""
    return [float(f"{value:.4g}") for value in values]


def named(results: Results, table: pd.DataFrame) -> list[str]:
    """Optimizers drawn in color from the start: all if they are few, else the first of `table` and the oracles."""
    if len(results.optimizers) <= MANY:
        return list(results.optimizers)
    ranked = table[table["rank"].notna()]
    learned = ranked[ranked["kind"] == "learned"]["optimizer"].head(1).tolist()
    first = ranked["optimizer"].head(NAMED).tolist()
    return first if set(learned) <= set(first) else [*first[: NAMED - 1], *learned]
