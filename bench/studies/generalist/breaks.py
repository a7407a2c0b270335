"""Where the generalist breaks: longer runs, noise, other units of the loss, and every task there is.

A condition is a task made of a reported one, and a number of steps. Adam stands beside it at the best of its trials on
the task itself, whatever the condition: what somebody would take along.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.engine.keys import digest
from bench.lookup.resolve import named_task
from bench.records import sealed
from bench.records.record import Budget
from bench.scores.metrics import METRICS
from bench.scores.statistics import Interval, mean_interval
from bench.studies.generalist.trials import budget_of
from bench.suites.jobs import job
from optimizers import Entry

TASKS = ("matrix-completion", "digits-conv", "adding-rnn")
"""One of each reported family."""


class Condition(NamedTuple):
    """`spell` makes a task of a task's name; runs have `longer` times its steps."""

    name: str
    spell: str = "{task}"
    longer: int = 1


CONDITIONS = (
    Condition("as it is"),
    Condition("horizon × 5", longer=5),
    Condition("horizon × 20", longer=20),
    Condition("loss × 1000", 'scaled-loss[task="{task}",factor=1000.0]'),
    Condition("loss / 1000", 'scaled-loss[task="{task}",factor=0.001]'),
    Condition("gradient noise 0.1", 'noisy[task="{task}",deviation=0.1]'),
)
PROBLEMS = 16
LIBRARY = "every task"
"""The condition of a task of the library as it is."""


class Broken(NamedTuple):
    """Mean over problems of mean_log of an entry, with its interval; how many ended above their initial loss."""

    condition: str
    task: str
    entry: str
    mean_log: Interval
    worse: int
    problems: int


class Subject(NamedTuple):
    """A label, its entry, and task -> θ."""

    label: str
    entry: Entry
    theta: Callable[[str], dict[str, Any]]


def matrix(subjects: list[Subject], folder: Path, progress: Callable[[str], None]) -> list[Broken]:
    """Every subject under every condition; kept in `folder`, a second call only reads."""
    rows = []
    for condition in CONDITIONS:
        for task in TASKS:
            if condition.longer > 5 and named_task(task).task.cost == "heavy":
                continue
            progress(f"{task}, {condition.name}")
            named, steps = condition.spell.format(task=task), condition.longer * budget_of(task).steps
            rows += [_row(condition.name, task, named, steps, one, folder) for one in subjects]
    return rows


def everywhere(subjects: list[Subject], folder: Path, progress: Callable[[str], None]) -> list[Broken]:
    """Every subject on every task of the library, its own steps."""
    rows = []
    for name in library():
        progress(name)
        rows += [_row(LIBRARY, name, name, budget_of(name).steps, one, folder) for one in subjects]
    return rows


def _row(condition, task, named, steps, subject: Subject, folder: Path, problems: int = PROBLEMS) -> Broken:
    """Read from `folder` or raced now."""
    cell = job("cell", named, subject.entry, Budget(steps=steps, seeds=problems, trials=1)).cell
    theta = subject.theta(task)
    mark = sorted((name, value) for name, value in theta.items() if isinstance(value, float))
    path = folder / f"break-{subject.entry.name}-{cell.id}-{digest(str(mark)):x}.json"
    held = sealed.read(path)
    if held is None:
        held = _raced(named, steps, subject.entry, theta, problems)
        sealed.write(path, held)
    return Broken(condition, task, subject.label, Interval(*held["mean_log"]), held["worse"], problems)


def _raced(named: Any, steps: int, entry: Entry, theta: dict[str, Any], problems: int) -> dict[str, Any]:
    from bench.engine.problems import Problems
    from bench.engine.race import race

    subject = named_task(named)
    runs = race(entry, [theta], Problems(subject, "report", range(problems), steps)).runs
    scores = METRICS["mean_log"].score(runs, subject.task.floor)
    losses = np.asarray(runs.losses[0], "float64")
    found = mean_interval(scores[0])
    return {"mean_log": [float(part) for part in found], "worse": int(np.sum(~(losses[:, -1] <= losses[:, 0])))}


def taken_along(task: str, folder: Path) -> dict[str, Any]:
    """θ of Adam that was best by mean_log of its trials on the tuning problems of `task`."""
    from bench.running.tuning import draw_trials
    from bench.studies.generalist import entrants, trials

    adam = next(one for one in entrants.baselines() if one.name == "adam")
    scores = trials.measure(task, adam, folder)["mean_log"]
    return draw_trials(adam.entry, len(scores.tuning))[int(np.argmin(scores.tuning.mean(1)))]


def library() -> list[str]:
    """Tasks of the library that run side by side, wrapped ones left out."""
    import tasks

    return [name for name in tasks.names() if "wrapped" not in named_task(name).task.tags]
