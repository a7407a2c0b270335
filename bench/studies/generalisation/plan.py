"""The matrix as planned: panels of rows × columns, and the cells that fill them. No TensorFlow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import tasks
from bench.errors import UserError, check_count
from bench.lookup import resolve
from bench.lookup.selectors import applies, select_tasks
from bench.records.record import Budget
from bench.studies.generalisation.changes import Change, changes, unchanged
from bench.studies.generalisation.rows import BASELINES, REFERENCES, Row, rows, specialities
from bench.suites.jobs import Job, job

ELSEWHERE = ("quadratic", "ackley", "breast-cancer", "matrix-factorization")
"""Raced on besides the tasks trained on: a family each that trains within seconds."""
FAMILIES = "trained on × raced on"
"""The title of the panel whose columns are tasks as they are."""
BUDGETS = {
    "light": Budget(seeds=128, trials=64, tuning_seeds=32),
    "medium": Budget(seeds=64, trials=64, tuning_seeds=16),
    "heavy": Budget(seeds=32, trials=24, tuning_seeds=8),
}
"""By the task's cost; steps are the change's."""


class Panel(NamedTuple):
    """A block of the matrix: every row raced on every column, where it is made for it."""

    title: str
    rows: tuple[Row, ...]
    columns: tuple[Change, ...]


class Matrix(NamedTuple):
    """`panels`: the families first, then the changes of one task each. `seeds`, `trials`: None for BUDGETS'."""

    panels: tuple[Panel, ...]
    seeds: int | None = None
    trials: int | None = None

    def budget(self, change: Change) -> Budget:
        usual = BUDGETS[resolve.named_task(change.task).task.cost]
        return Budget(change.steps, self.seeds or usual.seeds, self.trials or usual.trials, usual.tuning_seeds)


def plan(
    entries: Iterable[str] = (),
    raced_on: Iterable[str] = (),
    *,
    steps: int = 200,
    seeds: int | None = None,
    trials: int | None = None,
) -> Matrix:
    """The matrix of `entries` (every learned one) on tasks `raced_on` (what they were trained on, and ELSEWHERE).

    Tasks named are changed too; without names, those that some entry was trained on alone are, heavy ones left out.
    Raises UserError, TaskError and OptimizerError.
    """
    for name, value in (("steps", steps), ("seeds", seeds), ("trials", trials)):
        if value is not None:
            check_count(name, value)
    found = rows(list(entries) or ["kind:learned"])
    homes = select_tasks(raced_on) or tuple(filter(_affordable, specialities(found)))
    wide = homes if raced_on else tuple(dict.fromkeys((*homes, *ELSEWHERE)))
    panels = [Panel(FAMILIES, (*found, *REFERENCES), tuple(unchanged(t, steps) for t in wide))]
    for home in homes:
        own = tuple(row for row in found if row.at_home(home))
        if own:
            columns = tuple(changes(home, steps))
            panels.append(Panel(f"{home}, changed", (*own, *REFERENCES), columns))
    return Matrix(tuple(panels), seeds, trials)


def jobs(matrix: Matrix) -> list[Job]:
    """Every cell once, column by column: what shares a task, and then an architecture, shares programs."""
    found: dict[Job, None] = {}
    for panel in matrix.panels:
        for change in panel.columns:
            members = (*BASELINES, *(member for row in panel.rows for member in row.members))
            for cell in (job_of(matrix, change, member) for member in members):
                if applies(cell.entry, cell.subject.task):
                    found[cell] = None
    if not found:
        raise UserError("the matrix has no cells: none of the entries is made for these tasks")
    return list(found)


def job_of(matrix: Matrix, change: Change, member: str) -> Job:
    return job("cell", change.task, member, matrix.budget(change))


def folder(out: Path, cell: Job) -> Path:
    """Where the cell of a job is: one folder per number of steps, as `scores.results` compares equal budgets only."""
    return Path(out) / f"steps-{cell.budget.steps}"


def left_out(matrix: Matrix) -> Sequence[str]:
    """Tasks trained on that no column races on: heavy ones, or ones without a name here."""
    raced = {change.home for panel in matrix.panels for change in panel.columns}
    return [task for task in specialities(matrix.panels[0].rows) if task not in raced]


def _affordable(task: str) -> bool:
    """Whether a task can be raced on in passing: it is registered here, and not heavy."""
    try:
        return resolve.named_task(task).task.cost != "heavy"
    except tasks.TaskError:
        return False
