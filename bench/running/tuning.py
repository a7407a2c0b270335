"""Searching θ: quasi-random trials in the declared space, scored on tuning problems, best one per metric."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import qmc

from bench.engine.problems import Problems
from bench.engine.race import Race, race
from bench.scores.metrics import METRICS
from optimizers import Entry


class Tuned(NamedTuple):
    """`theta`: the best θ by the metric asked for. `trials`: one row per trial, its θ and mean scores."""

    theta: dict[str, Any]
    trials: pd.DataFrame


def draw_trials(entry: Entry, trials: int) -> list[dict[str, Any]]:
    """θ of each trial: a scrambled Halton sequence through the quantile functions of the space (Owen, 2017).

    The sequence depends on the number of dimensions only, so asking for more trials adds to the same ones.
    """
    names = sorted(entry.space)
    if not names:
        return [dict(entry.defaults)]
    points = qmc.Halton(len(names), scramble=True, rng=np.random.default_rng(20210207)).random(trials)
    drawn = ({n: _plain(entry.space[n].quantile(float(u))) for n, u in zip(names, row, strict=True)} for row in points)
    return [{**entry.defaults, **theta} for theta in drawn]


def score_trials(
    entry: Entry,
    trials: int,
    problems: Problems,
    *,
    tile: tuple[int, int] | None = None,
    progress: Callable[[float], None] = lambda runs: None,
) -> tuple[pd.DataFrame, Race]:
    """Trials table: trial, swept settings, mean score per metric on the problems, which are for tuning."""
    thetas = draw_trials(entry, trials)
    raced = race(entry, thetas, problems, tile=tile, progress=progress)
    table = pd.DataFrame({name: _column([theta[name] for theta in thetas]) for name in sorted(entry.space)})
    for metric in METRICS.values():
        table[metric.name] = np.asarray(metric.score(raced.runs, problems.subject.task.floor)).mean(axis=-1)
    table.insert(0, "trial", range(len(thetas)))
    return table, raced


def best_theta(entry: Entry, table: pd.DataFrame, metric: str) -> dict[str, Any]:
    """θ of the best row of a trials table by `metric`; the first of equals."""
    scores = table[metric] if METRICS[metric].better == "lower" else -table[metric]
    best = int(np.argmin(np.nan_to_num(scores.to_numpy(), nan=np.inf)))
    return {**entry.defaults, **{name: table[name].tolist()[best] for name in entry.space}}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _column(values: list[Any]) -> pd.Series:
    """One setting by trial; None, integers, booleans and strings stay what they are."""
    return pd.Series(values, dtype="float64" if all(isinstance(value, float) for value in values) else object)
