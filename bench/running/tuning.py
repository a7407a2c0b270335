"""Searching θ: quasi-random trials in the declared space, scored on tuning problems, the best few again on fresh ones.

By every metric on its own the finalists of the budget race on problems that none was picked on, and the best mean over
both sets of problems wins. A trial that was lucky on the tuning problems, or diverges once in a hundred, loses there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import qmc

from bench.engine import contracts
from bench.engine.problems import Problems
from bench.engine.race import Race, race
from bench.lookup.named import NamedTask
from bench.records.record import Budget
from bench.scores.metrics import METRICS
from bench.scores.selection import best_trials, choose, refused
from optimizers import Entry

Progress = Callable[[float], None]


class Tuned(NamedTuple):
    """`theta`: the best θ by the metric asked for. `trials`: one row per trial, its θ and mean scores."""

    theta: dict[str, Any]
    trials: pd.DataFrame


class Search(NamedTuple):
    """What was found and what it took. `thetas`: {metric: θ}. `recheck`: trial, and mean score per metric."""

    thetas: dict[str, dict[str, Any]]
    trials: pd.DataFrame
    recheck: pd.DataFrame
    runs: int
    """Trials × tuning problems, and `runs_recheck`: trials raced again × fresh problems."""
    runs_recheck: int
    seconds_compile: float
    seconds_run: float


def search(
    subject: NamedTask,
    entry: Entry,
    budget: Budget,
    *,
    metrics: Sequence[str] = tuple(METRICS),
    tile: tuple[int, int] | None = None,
    progress: Progress = lambda runs: None,
) -> Search:
    """θ of `entry` for each of `metrics` as `budget` says; `tile` as in `race`, `progress` is told of runs done.

    What a metric's θ is depends on no other metric. Raises what racing raises.
    """
    problems = Problems(subject, "tune", range(budget.tuning_seeds), budget.steps)
    table, first = score_trials(entry, budget.trials, problems, tile=tile, progress=progress)
    finalists = {name: best_trials(table[name], METRICS[name], budget.finalists, refused(table)) for name in metrics}
    again = sorted({row for rows in finalists.values() for row in rows})
    recheck, second = _raced_again(subject, entry, budget, table, again, tile, progress)
    won = {name: _winner(table, recheck, name, budget) for name in metrics}
    races = [first, *([second] if second else [])]
    return Search(
        {name: theta_of(entry, table, row) for name, row in won.items()},
        table,
        recheck,
        len(table) * budget.tuning_seeds,
        len(again) * budget.recheck_seeds,
        sum(race.seconds_compile for race in races),
        sum(race.seconds_run for race in races),
    )


def tune(subject: NamedTask, entry: Entry, budget: Budget, metric: str) -> Tuned:
    """The θ of one metric; where there was a re-check, its scores in a last column of the trials."""
    found = search(subject, entry, budget, metrics=[metric])
    again = found.recheck.set_index("trial")
    table = found.trials.assign(recheck=again[metric].reindex(found.trials["trial"])) if len(again) else found.trials
    return Tuned(found.thetas[metric], table)


def draw_trials(entry: Entry, trials: int) -> list[dict[str, Any]]:
    """θ of each trial: a scrambled Halton sequence through the quantile functions of the space (Owen, 2017).

    The sequence depends on the number of dimensions only, so asking for more trials adds to the same ones.
    """
    contracts.verify_optimizer(entry)
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
    progress: Progress = lambda runs: None,
) -> tuple[pd.DataFrame, Race]:
    """Trials table: trial, swept settings, mean score per metric on the problems, which are for tuning."""
    thetas = draw_trials(entry, trials)
    raced = race(entry, thetas, problems, tile=tile, progress=progress)
    table = pd.DataFrame({name: _column([theta[name] for theta in thetas]) for name in sorted(entry.space)})
    table = table.assign(**_means(raced, problems.subject))
    table.insert(0, "trial", range(len(thetas)))
    return table, raced


def theta_of(entry: Entry, table: pd.DataFrame, row: int) -> dict[str, Any]:
    """θ of one row of a trials table."""
    return {**entry.defaults, **{name: table[name].tolist()[row] for name in entry.space}}


def best_theta(entry: Entry, table: pd.DataFrame, metric: str) -> dict[str, Any]:
    """θ of the best row of a trials table by `metric`, not checked again; the first of equals."""
    return theta_of(entry, table, best_trials(table[metric], METRICS[metric], 1, refused(table))[0])


def _raced_again(
    subject: NamedTask,
    entry: Entry,
    budget: Budget,
    table: pd.DataFrame,
    again: list[int],
    tile: tuple[int, int] | None,
    progress: Progress,
) -> tuple[pd.DataFrame, Race | None]:
    """The re-check's table of the rows `again`, and its race; no rows and no race where there is none."""
    if not again:
        return pd.DataFrame({"trial": []}), None
    problems = Problems(subject, "recheck", range(budget.recheck_seeds), budget.steps)
    raced = race(entry, [theta_of(entry, table, row) for row in again], problems, tile=tile, progress=progress)
    return pd.DataFrame({"trial": again}).assign(**_means(raced, subject)), raced


def _winner(table: pd.DataFrame, recheck: pd.DataFrame, name: str, budget: Budget) -> int:
    """Row of the trial that the metric called `name` chooses."""
    again = dict(zip(recheck["trial"], recheck[name], strict=True)) if len(recheck) else {}
    return choose(table[name], again, METRICS[name], budget, refused(table)).trial


def _means(raced: Race, subject: NamedTask) -> dict[str, np.ndarray]:
    """{metric: mean score over the problems (configurations,)}."""
    floor = subject.task.floor
    return {name: np.asarray(metric.score(raced.runs, floor)).mean(axis=-1) for name, metric in METRICS.items()}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _column(values: list[Any]) -> pd.Series:
    """One setting by trial; None, integers, booleans and strings stay what they are."""
    return pd.Series(values, dtype="float64" if all(isinstance(value, float) for value in values) else object)
