"""Two entries against each other: effect, interval, adjusted p, wins, ties and losses, and a sentence that says it.

Paired by problem; what resamples problems is `bench.scores.statistics`. A task's effect is a ratio of means, or a
difference of those that are logarithms already; over tasks, their geometric or their arithmetic mean.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bench.errors import UserError
from bench.scores import intervals, luck, scale, statistics
from bench.scores.choose import groups
from bench.scores.homes import trained_on
from bench.scores.measures import Scored, find
from bench.scores.metrics import METRICS
from bench.scores.numbers import bracket, number
from bench.scores.results import Results, load, task_scores
from bench.scores.stability import improvement, problems_needed
from bench.scores.verdicts import paired_median
from optimizers.syntax import nearest

EXPECTATIONS = ("no-worse", "better")


class _Task(NamedTuple):
    """Mean scores of both on a task, and what A is ahead of B by, log ratio or difference, with its replicates.

    `better_on`: the share of problems on which A is better, ties for half, and its replicates; `improvement`: the
    chance that a run of A beats another one of B; `median`: of what A is over B, problem by problem.
    """

    a: float
    b: float
    problems: int
    ahead: float
    replicates: np.ndarray
    trials: np.ndarray
    """The same under other draws of the trials that tuned both."""
    better_on: float
    shares: np.ndarray
    improvement: float
    median: statistics.Interval


def compare(out: Any, a: str, b: str, metric: str = "mean_log", better: str | None = None) -> pd.DataFrame:
    """A row for all tasks, each family and each task, of optimizer `a` against `b`.

    Columns: scope, name, tasks, effect, low, high (over problems), low_trials, high_trials (over draws of the trials of
    tuning, bench.scores.luck), p, p_adjusted, verdict, those below, a, b (mean scores), worst (for `holds`).
    `metric`: one that tuning selects by, a share of runs, or what the tasks measure (`better` as for `board`); by those
    two, runs are tuned for the mean loss. `effect` is A over B, or A − B of shares and logarithms, of means
    (geometric ones where a metric has no upper bound), with an interval unless a few problems decide it; `median` is
    that of one task, problem by problem.
    `better_on`: the share of problems on which A is better; `improvement`: the chance that a run of A beats another
    one of B; ties count half. `problems_needed` of each task would part the two at 5 % with 80 % power. `verdict` is
    A's: "win" or "loss" at an adjusted p of at most 5 % (Holm over the rows of a scope), else "tie". `attrs` has the
    `sentence` and notes. Only tasks on which both have a cell count; a failed cell scores the worst there is. Raises
    UserError.
    """
    results = _of_two(load(out), a, b)
    measured = _by_problem(find(metric, results.records.values(), better))
    results = _with_numbers(results, measured)
    found = {task: _task(results, task, measured, a, b) for task in results.tasks}
    rows = [_row("all", "all tasks", list(found.values()), measured)]
    for scope in ("family", "task"):
        of_scope = [
            _row(scope, name, [found[t] for t in tasks], measured) for name, tasks in groups(found, scope).items()
        ]
        adjusted = statistics.holm(np.array([row["p"] for row in of_scope]))
        rows += [{**row, "p_adjusted": p} for row, p in zip(of_scope, adjusted, strict=True)]
    frame = pd.DataFrame(rows)
    frame["verdict"] = [_verdict(row) for row in rows]
    frame = frame[_COLUMNS]
    effect = f"{a} − {b}" if measured.differs else f"{a} / {b}"
    notes = [
        sentence(frame, results, measured, a, b),
        f"{metric}: {measured.summary}; {measured.better} is better. {_runs_of(measured)}effect: {effect}, with 95 % "
        "interval and p paired by problem. [other trials]: 95 % interval of the effect if tuning had drawn other "
        f"trials, estimated on the tuning problems. verdict: win or loss of {a} at 5 % after Holm's correction within "
        f"a scope, else tie. better on: share of problems on which {a} is better. problems needed: problems of each "
        "task that would tell the two apart with 80 % power.",
    ]
    frame.attrs = {"sentence": notes[0], "notes": notes, "metric": metric}
    return frame


def _runs_of(metric: Scored) -> str:
    return "" if metric.name in METRICS else "Of runs tuned for the mean loss. "


def holds(frame: pd.DataFrame, expect: str, margin: float | None = None) -> bool:
    """Whether a comparison is as expected of A: "no-worse" is no loss over all tasks and none on any; "better" a win.

    With `margin` the whole interval over all tasks must besides be less than that worse: a share of a ratio, the unit
    of a difference. Raises UserError.
    """
    if expect not in EXPECTATIONS:
        raise UserError(f"cannot expect {expect!r}; known: {', '.join(EXPECTATIONS)}")
    if margin is not None and not margin >= 0:
        raise UserError(f"margin must be a number of at least 0, not {margin}")
    whole = frame.iloc[0]
    if margin is not None and not -whole["worst"] <= margin:
        return False
    if expect == "better":
        return bool(whole["verdict"] == "win")
    return not (frame.loc[frame["scope"] != "family", "verdict"] == "loss").any()


def sentence(frame: pd.DataFrame, results: Results, metric: Scored, a: str, b: str) -> str:
    """The comparison over all tasks in one sentence for a paper."""
    whole, tasks = frame.iloc[0], frame[frame["scope"] == "task"]
    words = {"win": "better than", "loss": "worse than", "tie": "not distinguishable from"}[whole["verdict"]]
    count = {verdict: int((tasks["verdict"] == verdict).sum()) for verdict in ("win", "tie", "loss")}
    kind = "difference" if metric.differs else "ratio"
    p = "p < 0.001" if whole["p"] < 0.001 else f"p = {whole['p']:.3f}"
    where = f"task {tasks['name'].iloc[0]}" if len(tasks) == 1 else f"{len(tasks)} tasks"
    bounds = bracket(whole["low"], whole["high"], whole["effect"])
    interval = f"95 % interval {bounds}" if np.isfinite(whole["low"]) else "no interval: a few problems decide it"
    return (
        f"On {where} ({_budget(results)}), {a} was {words} {b} by {metric.name} ({kind} {number(whole['effect'])}, "
        f"{interval}{_other_trials(whole)}, {p}, paired by problem); "
        f"it won {count['win']}, tied {count['tie']} and lost {count['loss']} of {len(tasks)}."
        f"{''.join(_at_home(results, name, list(tasks['name'])) for name in (a, b))}"
    )


def _at_home(results: Results, name: str, tasks: list[str]) -> str:
    """On which of the tasks the optimizer was trained, where it was."""
    trained = trained_on(results.of_optimizer(name)[0])
    homes = [task for task in tasks if task in trained]
    if not homes or len(tasks) == 1:
        return f" {name} was meta-trained on it." if homes else ""
    named = f" ({', '.join(homes)})" if len(homes) <= 3 else ""
    return f" {name} was meta-trained on {len(homes)} of these tasks{named}."


def _other_trials(row: Any) -> str:
    """The interval over draws of trials, where something was tuned."""
    low, high = row["low_trials"], row["high_trials"]
    return f", with other tuning trials {bracket(low, high, row['effect'])}" if low < high else ""


FILES_ONLY = ["p", "median", "median_low", "median_high", "improvement", "a", "b", "worst"]
"""Columns for which a terminal is too narrow."""
_INTERVALS = ["low", "high", "low_trials", "high_trials"]
_COLUMNS = [
    *("scope", "name", "tasks", "effect", *_INTERVALS, "p", "p_adjusted", "verdict"),
    *("median", "median_low", "median_high", "better_on", "better_on_low", "better_on_high", "improvement"),
    *("problems_needed", "a", "b", "worst"),
]


def _of_two(results: Results, a: str, b: str) -> Results:
    for name in (a, b):
        if name not in results.optimizers:
            there = ", ".join(results.optimizers)
            raise UserError(f"no optimizer {name!r} here; here: {there}{nearest(name, results.optimizers)}")
    if a == b:
        raise UserError(f"{a!r} cannot be compared with itself; give two optimizers")
    tasks = [task for task in results.tasks if all((task, name) in results.records for name in (a, b))]
    if not tasks:
        raise UserError(f"{a!r} and {b!r} have no task in common here; run both on one")
    records = {at: r for at, r in results.records.items() if at[0] in tasks and at[1] in (a, b)}
    return Results(records, tasks, [a, b], tuple(fault for fault in results.faults if fault.task in tasks))


def _by_problem(metric: Scored) -> Scored:
    """The metric, if every run has a finite number of its own; raises UserError."""
    if metric.name not in METRICS and np.isinf(metric.worst):
        shares = metric.name.replace("steps_", "success_").replace("ert_", "success_")
        raise UserError(
            f"{metric.name} is infinite for runs that never get there, so two have no difference: compare by {shares}, "
            f"or rank by it: python -m bench leaderboard DIR --metric {metric.name}"
        )
    if metric.name in _OF_CELLS:
        raise UserError(
            f"{metric.name} is one number a cell, so nothing is paired by problem: compare by one of "
            f"{', '.join(METRICS)}, or rank by it: python -m bench leaderboard DIR --metric {metric.name}"
        )
    return metric


_OF_CELLS = ("seconds", "state_bytes")


def _with_numbers(results: Results, metric: Scored) -> Results:
    """Of the tasks where both have numbers: a failed cell has none by a task's own measure. Raises UserError."""
    tasks = [task for task in results.tasks if not np.isnan(task_scores(results, task, metric)).any()]
    if not tasks:
        raise UserError(f"no task here where both have {metric.name}; choose another --metric")
    return replace(results, tasks=tasks, records={at: r for at, r in results.records.items() if at[0] in tasks})


def _task(results: Results, task: str, metric: Scored, a: str, b: str) -> _Task:
    plain = task_scores(results, task, metric)
    table = scale.leveled(metric, plain)
    won = (1 + np.sign(metric.sign * (plain[:1] - plain[1:]))) / 2
    means = table.mean(axis=1)
    replicates = statistics.resampled_means(np.concatenate([table, won]), statistics.generator())
    mine, theirs = scale.shown(metric, means).tolist()
    return _Task(
        mine,
        theirs,
        table.shape[1],
        float(_ahead(means, metric)),
        _ahead(replicates[:, :2].T, metric),
        _ahead(luck.moved(results, task, means, metric), metric),
        float(won.mean()),
        replicates[:, 2],
        improvement(plain[0], plain[1], metric.sign),
        paired_median(metric, plain[0], plain[1]),
    )


def _ahead(pair: np.ndarray, metric: Scored) -> np.ndarray:
    """What A is ahead by, positive where it is better: (2, …) -> (…)."""
    if metric.differs or metric.in_logs:
        return metric.sign * (pair[0] - pair[1]) * (np.log(10) if metric.in_logs else 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = metric.sign * (np.log(pair[0]) - np.log(pair[1]))
    return np.where(pair[0] == pair[1], 0.0, logs)


def _row(scope: str, name: str, tasks: list[_Task], metric: Scored) -> dict[str, Any]:
    ahead = np.asarray(np.mean([task.ahead for task in tasks]))
    replicates = np.mean([_restarted(task.replicates, i) for i, task in enumerate(tasks)], axis=0)
    chance, problems = np.stack([np.zeros_like(replicates), replicates], axis=1), [task.problems for task in tasks]
    p = statistics.p_values(np.array([0.0, ahead]), chance, problems)
    fewest = min(problems)
    interval = (
        intervals.student(ahead, replicates, fewest) if replicates.any() else statistics.Interval(ahead, ahead, ahead)
    )
    others = statistics.interval(ahead, np.mean([task.trials for task in tasks], axis=0))
    ends, drawn = (sorted(metric.sign * np.array([of.low, of.high])) for of in (interval, others))
    written = (float, float) if metric.differs else (np.exp, np.exp)
    return {
        "scope": scope,
        "name": name,
        "tasks": len(tasks),
        "effect": float(written[0](metric.sign * ahead)),
        "low": float(written[1](ends[0])),
        "high": float(written[1](ends[1])),
        "low_trials": float(written[1](drawn[0])),
        "high_trials": float(written[1](drawn[1])),
        "p": float(p[0, 1]),
        "p_adjusted": float(p[0, 1]),
        "ahead": float(ahead),
        "worst": float(interval.low if metric.differs else np.expm1(interval.low)),
        **_on_problems(tasks),
        "problems_needed": problems_needed(float(ahead), float(intervals.deviation(replicates, fewest)), fewest),
        **{side: float(np.mean([getattr(task, side) for task in tasks])) for side in "ab"},
    }


def _on_problems(tasks: list[_Task]) -> dict[str, float]:
    """Columns better_on with its interval (exact of one task), improvement, and of one task the median with its."""
    shares = np.mean([_restarted(task.shares, i) for i, task in enumerate(tasks)], axis=0)
    value = np.asarray(np.mean([task.better_on for task in tasks]))
    fewest = min(task.problems for task in tasks)
    low, high = intervals.expanded(value, shares, fewest)[1:] if fewest > 1 else (np.nan, np.nan)
    middle: Iterable[Any] = (np.nan, np.nan, np.nan)
    if len(tasks) == 1:
        low, high = intervals.proportion(round(tasks[0].better_on * fewest), fewest)
        middle = tasks[0].median
    return {
        **dict(zip(("better_on", "better_on_low", "better_on_high"), map(float, (value, low, high)), strict=True)),
        "improvement": float(np.mean([task.improvement for task in tasks])),
        **dict(zip(("median", "median_low", "median_high"), map(float, middle), strict=True)),
    }


def _restarted(replicates: np.ndarray, task: int) -> np.ndarray:
    """Replicates of a task in an order of its own: tasks draw their problems independently."""
    return replicates if task == 0 else statistics.generator(task).permutation(replicates)


def _verdict(row: dict[str, Any]) -> str:
    if not row["p_adjusted"] <= statistics.SIGNIFICANCE:
        return "tie"
    return "win" if row["ahead"] > 0 else "loss"


def _budget(results: Results) -> str:
    counts = [record.cell.budget for record in results.records.values()]
    spans = {
        "steps": [c.steps for c in counts],
        "problems a task": [c.seeds for c in counts],
        "tuning trials": [c.trials for c in counts],
    }
    return ", ".join(f"{_span(values)} {name}" for name, values in spans.items())


def _span(values: list[int]) -> str:
    return str(min(values)) if min(values) == max(values) else f"{min(values)} to {max(values)}"
