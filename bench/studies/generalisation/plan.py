"""The matrix as planned: panels of rows × columns, and the cells that fill them. No TensorFlow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import tasks
from bench.errors import UserError, check_count
from bench.lookup import resolve
from bench.lookup.selectors import applies, select_optimizers, select_tasks
from bench.records.record import Budget
from bench.studies.generalisation.changes import Change, changes, unchanged
from bench.suites.jobs import Job, job
from bench.suites.protocol import budget_for

BASELINES = ("momentum", "rmsprop", "adam")
"""Every column is measured against the best of these, tuned on it."""
ELSEWHERE = ("quadratic", "ackley", "breast-cancer", "matrix-factorization")
"""Raced on besides the tasks trained on: a family each that trains within seconds."""
FAMILIES = "trained on × raced on"
"""The title of the panel whose columns are tasks as they are."""
_AGAIN = re.compile(r"(.+)-\d+")


class Group(NamedTuple):
    """One row of the matrix: its label, the entries behind it, what they were trained on."""

    label: str
    members: tuple[str, ...]
    trained_on: tuple[str, ...] = ()
    kind: str = "learned"
    """"learned" | "hand-designed" | "oracle" | "reference"."""
    default: bool = False
    """Whether it is shown at its default θ instead of the one tuned."""

    def is_about(self, task: str) -> bool:
        """Whether changes of `task` are about it: it was trained on that, on several tasks, or on none."""
        return len(self.trained_on) != 1 or task in self.trained_on


REFERENCES = (
    *(Group(f"{name}, tuned", (name,), kind="reference") for name in BASELINES),
    *(Group(f"{name}, default", (name,), kind="reference", default=True) for name in ("momentum", "adam")),
)


class Panel(NamedTuple):
    """A block of the matrix: every row raced on every column, where it is made for it."""

    title: str
    rows: tuple[Group, ...]
    columns: tuple[Change, ...]


class Matrix(NamedTuple):
    """`panels`: the families first, then the changes of one task each. `seeds`, `trials`: None for the protocol's."""

    panels: tuple[Panel, ...]
    seeds: int | None = None
    trials: int | None = None

    def budget(self, change: Change) -> Budget:
        return budget_for(change.task, steps=change.steps, seeds=self.seeds, trials=self.trials)


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
    found = groups(list(entries) or ["kind:learned"])
    changed = select_tasks(raced_on) or tuple(filter(_affordable, specialities(found)))
    wide = changed if raced_on else tuple(dict.fromkeys((*changed, *ELSEWHERE)))
    panels = [Panel(FAMILIES, (*found, *REFERENCES), tuple(unchanged(t, steps) for t in wide))]
    for task in changed:
        own = tuple(row for row in found if row.is_about(task))
        if own:
            columns = tuple(changes(task, steps))
            panels.append(Panel(f"{task}, changed", (*own, *REFERENCES), columns))
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
    raced = {change.origin for panel in matrix.panels for change in panel.columns}
    return [task for task in specialities(matrix.panels[0].rows) if task not in raced]


def _affordable(task: str) -> bool:
    """Whether a task can be raced on in passing: it is registered here, and not heavy."""
    try:
        return resolve.named_task(task).task.cost != "heavy"
    except tasks.TaskError:
        return False


def groups(selectors: Iterable[str]) -> list[Group]:
    """All entries meant, those of one training task together; raises UserError, OptimizerError.

    Meta-seeds, `name` and `name-2`, `name-3`, … of one architecture and training task, are one row.
    """
    groups: dict[str, list[str]] = {}
    spelled: dict[str, str] = {}
    for selector in select_optimizers(selectors):  # a weights file may be one that is registered
        spelled.setdefault(resolve.entry(selector).name, selector)
    known = {name: resolve.entry(selector) for name, selector in spelled.items()}
    for name, entry in known.items():
        groups.setdefault(_first_seed(entry, known), []).append(spelled[name])
    found = [
        Group(label, tuple(members), _trained_on(known[label]), known[label].kind) for label, members in groups.items()
    ]
    return sorted(found, key=lambda row: _order(row, found))


def specialities(found: Sequence[Group]) -> list[str]:
    """Tasks that some row was trained on alone, in order."""
    return list(dict.fromkeys(row.trained_on[0] for row in found if len(row.trained_on) == 1))


def _first_seed(entry: Any, known: dict[str, Any]) -> str:
    """The name of the row that `entry` belongs to."""
    match = _AGAIN.fullmatch(entry.name)
    first = known.get(match[1]) if match else None
    same = first is not None and first.kind == entry.kind and first.build == entry.build
    return match[1] if match and same and _trained_on(first) == _trained_on(entry) else entry.name


def _trained_on(entry: Any) -> tuple[str, ...]:
    return tuple(map(str, entry.discloses.get("trained_on", ())))


def _order(row: Group, found: list[Group]) -> tuple[int, int]:
    """Specialists by their task, then those of several tasks, then what was not trained."""
    if len(row.trained_on) == 1:
        return 0, specialities(found).index(row.trained_on[0])
    return (1, 0) if row.trained_on else (2, 0)
