"""How long a study takes: by what it took here before, else by a table measured on the reference's machine.

The table (waits.json) holds seconds of one core on a few tasks; between them seconds are read off by the work of a
step, and taken at the speed of this machine (bench.suites.machine).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.lookup.named import NamedTask
from bench.records import sealed
from bench.suites import machine
from bench.suites.forecast import costs

TABLE = Path(__file__).parent / "waits.json"
STEPS = 200
"""Gradient evaluations a run that the table is of."""


class Wait(NamedTuple):
    """Expected seconds, NaN where nothing is known, and what says so: "here", "table" or "unknown"."""

    seconds: float
    source: str


def of_study(study: str, subject: NamedTask, steps: int = STEPS) -> Wait:
    """Of one `study` of an optimizer on a task. Knows those in the table, and those that ran here."""
    work = work_of(subject, steps)
    if (seconds := machine.kept().get("studies", {}).get(study, {}).get(_key(subject, steps))) is not None:
        return Wait(float(seconds), "here")
    rows = (sealed.read(TABLE, "it is left out") or {}).get(study, {})
    if not rows or work is None:
        return Wait(float("nan"), "unknown")
    tasks = costs().get("tasks", {})
    known = sorted((_work(tasks[task], STEPS), float(seconds)) for task, seconds in rows.items() if task in tasks)
    works, seconds = (np.array(column) for column in zip(*known, strict=True))
    return Wait(float(np.interp(work, works, seconds)) * machine.speed("study"), "table")


def learn_study(study: str, subject: NamedTask, steps: int, took: float) -> None:
    """Keep what a study took on a task."""
    found = of_study(study, subject, steps)
    if found.source == "table":
        machine.learn([machine.Took("study", took, found.seconds / machine.speed("study"))])
    held = machine.kept()
    studies = held.get("studies", {})
    of_it = {**studies.get(study, {}), _key(subject, steps): round(took, 1)}
    machine.keep({**held, "studies": {**studies, study: of_it}})


def total(waits: Iterable[Wait]) -> Wait:
    """Of several, one after another; `source` is the worst of theirs, and what is unknown counts nothing."""
    found = list(waits)
    seconds = float(sum(wait.seconds for wait in found if wait.source != "unknown"))
    order = ("unknown", "table", "here")
    return Wait(seconds, min((wait.source for wait in found), key=order.index, default="here"))


def work_of(subject: NamedTask, steps: int) -> float | None:
    """Seconds of `steps` of the task with plain gradient descent, by the table; None where it was not measured."""
    row = costs().get("tasks", {}).get(subject.name)
    if row is not None:
        return _work(row, steps)
    needs = subject.task.needs()
    return None if needs is None else float(needs[1]) * steps


def _work(row: Mapping[str, Any], steps: int) -> float:
    return float(row["step"]) * steps


def _key(subject: NamedTask, steps: int) -> str:
    return f"{subject.name} {steps}"
