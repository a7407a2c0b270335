"""Two entries against each other: effect, interval, adjusted p, wins, ties and losses, and a sentence that says it.

Paired by problem; what resamples problems is `bench.scores.statistics`. A task's effect is a ratio of means, or a
difference of those that are logarithms already; over tasks, their geometric or their arithmetic mean.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bench.errors import UserError
from bench.lookup.selectors import nearest
from bench.scores import intervals, luck, scale, statistics
from bench.scores.choose import groups
from bench.scores.metrics import Metric, get
from bench.scores.numbers import bracket, number
from bench.scores.results import Results, load, task_scores

EXPECTATIONS = ("no-worse", "better")


class _Task(NamedTuple):
    """Mean scores of both on a task, and what A is ahead of B by, log ratio or difference, with its replicates."""

    a: float
    b: float
    problems: int
    ahead: float
    replicates: np.ndarray
    trials: np.ndarray
    """The same under other draws of the trials that tuned both."""


def compare(out: Any, a: str, b: str, metric: str = "mean_log") -> pd.DataFrame:
    """A row for all tasks, each family and each task, of optimizer `a` against `b`.

    Columns: scope, name, tasks, effect, low, high (over problems), low_trials, high_trials (over draws of the trials of
    tuning, bench.scores.luck), p, p_adjusted, verdict, a, b (mean scores), worst (for `holds`).
    `effect` is A over B, or A − B of a metric in logarithms; `verdict` is A's: "win" or "loss" at an adjusted p of at
    most 5 % (Holm over the rows of a scope), else "tie". `attrs` has the `sentence` and notes. Only tasks on which
    both have a cell count; a failed cell scores the worst there is. Raises UserError.
    """
    measured = get(metric)
    results = _of_two(load(out), a, b)
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
        f"{metric}: {measured.summary}; {measured.better} is better. effect: {effect}, 95 % interval by a paired "
        "bootstrap over problems; [other trials]: where it would lie had tuning drawn other trials (95 %), estimated "
        f"on the tuning problems; win, tie, loss: of {a}, at 5 % after Holm's correction within a scope.",
    ]
    frame.attrs = {"sentence": notes[0], "notes": notes, "metric": metric}
    return frame


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


def sentence(frame: pd.DataFrame, results: Results, metric: Metric, a: str, b: str) -> str:
    """The comparison over all tasks in one sentence for a paper."""
    whole, tasks = frame.iloc[0], frame[frame["scope"] == "task"]
    words = {"win": "better than", "loss": "worse than", "tie": "not distinguishable from"}[whole["verdict"]]
    count = {verdict: int((tasks["verdict"] == verdict).sum()) for verdict in ("win", "tie", "loss")}
    kind = "difference" if metric.differs else "ratio"
    p = "p < 0.001" if whole["p"] < 0.001 else f"p = {whole['p']:.3f}"
    where = f"task {tasks['name'].iloc[0]}" if len(tasks) == 1 else f"{len(tasks)} tasks"
    interval = bracket(whole["low"], whole["high"], whole["effect"])
    return (
        f"On {where} ({_budget(results)}), {a} was {words} {b} by {metric.name} ({kind} {number(whole['effect'])}, "
        f"95 % interval {interval}{_other_trials(whole)}, {p}, paired by problem); "
        f"it won {count['win']}, tied {count['tie']} and lost {count['loss']} of {len(tasks)}."
    )


def _other_trials(row: Any) -> str:
    """The interval over draws of trials, where something was tuned."""
    low, high = row["low_trials"], row["high_trials"]
    return f", with other tuning trials {bracket(low, high, row['effect'])}" if low < high else ""


_INTERVALS = ["low", "high", "low_trials", "high_trials"]
_COLUMNS = ["scope", "name", "tasks", "effect", *_INTERVALS, "p", "p_adjusted", "verdict", "a", "b", "worst"]


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


def _task(results: Results, task: str, metric: Metric, a: str, b: str) -> _Task:
    table = scale.leveled(metric, task_scores(results, task, metric))
    means, replicates = table.mean(axis=1), statistics.resampled_means(table, statistics.generator())
    mine, theirs = scale.shown(metric, means).tolist()
    drawn = _ahead(luck.moved(results, task, means, metric), metric)
    return _Task(mine, theirs, table.shape[1], float(_ahead(means, metric)), _ahead(replicates.T, metric), drawn)


def _ahead(pair: np.ndarray, metric: Metric) -> np.ndarray:
    """What A is ahead by, positive where it is better: (2, …) -> (…)."""
    if metric.differs or metric.in_logs:
        return metric.sign * (pair[0] - pair[1]) * (np.log(10) if metric.in_logs else 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = metric.sign * (np.log(pair[0]) - np.log(pair[1]))
    return np.where(pair[0] == pair[1], 0.0, logs)


def _row(scope: str, name: str, tasks: list[_Task], metric: Metric) -> dict[str, Any]:
    ahead = np.asarray(np.mean([task.ahead for task in tasks]))
    replicates = np.mean([_restarted(task.replicates, i) for i, task in enumerate(tasks)], axis=0)
    chance, problems = np.stack([np.zeros_like(replicates), replicates], axis=1), [task.problems for task in tasks]
    p = statistics.p_values(np.array([0.0, ahead]), chance, problems)
    interval = intervals.student(ahead, replicates, min(problems))
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
        **{side: float(np.mean([getattr(task, side) for task in tasks])) for side in "ab"},
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
