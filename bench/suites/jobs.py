"""What running a suite will do, looked up once: its cells, and the probes of its learned entries.

No TensorFlow: dry runs are quick.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bench.engine import VERSION, process
from bench.errors import UserError
from bench.lookup import resolve
from bench.lookup.identity import optimizer_definition, task_definition
from bench.lookup.named import NamedTask
from bench.lookup.selectors import applies
from bench.records.record import Budget, Cell
from bench.suites.suite import Suite
from optimizers import Entry


class Address(NamedTuple):
    """A job as another process can look it up again: names, numbers, and the cell that it must turn out to be."""

    kind: str
    task: str
    optimizer: str
    budget: Budget
    id: str


@dataclass(frozen=True)
class Job:
    """One unit of work: a cell, or the probes ("reading") of one learned optimizer on one task.

    `task` and `optimizer` are what the user named or handed in; `subject` and `entry` what that means.
    """

    kind: str
    task: Any
    optimizer: Any
    budget: Budget
    subject: NamedTask = field(compare=False, repr=False)
    entry: Entry = field(compare=False, repr=False)

    @functools.cached_property
    def cell(self) -> Cell:
        """Everything that determines the numbers of the job's cell."""
        definitions = task_definition(self.subject.task), optimizer_definition(self.entry, self.subject.task)
        return Cell(self.subject.name, self.entry.name, self.budget, *definitions, versions())

    @property
    def portable(self) -> bool:
        """Whether another process can look it up: an object of this one has no name there."""
        return isinstance(self.task, str) and isinstance(self.optimizer, str)

    @property
    def address(self) -> Address:
        return Address(self.kind, self.task, self.optimizer, self.budget, self.cell.id)

    def __str__(self) -> str:
        return f"{self.entry.name} on {self.subject.name}"


def versions() -> dict[str, str]:
    """Of everything that can move a number: packages, and the engine."""
    return {**process.versions(), "engine": VERSION}


def job(kind: str, task: Any, optimizer: Any, budget: Budget) -> Job:
    """The job meant by names or objects; raises UserError, TaskError and OptimizerError for what does not exist."""
    return Job(kind, task, optimizer, budget, resolve.named_task(task), resolve.entry(optimizer))


def found(address: Address) -> Job:
    """The job at `address`; raises UserError when its names mean something else here."""
    made = job(*address[:4])
    if made.cell.id != address.id:
        raise UserError(
            f"{made} is another cell here ({made.cell.id}) than where it was planned ({address.id}); "
            "give every process the same files and package versions"
        )
    return made


def plan(suite: Suite) -> list[Job]:
    """Cells of the suite, those left out whose entry is not made for their task; raises for unknown names."""
    entries = [(optimizer, resolve.entry(optimizer)) for optimizer in suite.optimizers]
    subjects = [(task, resolve.named_task(task)) for task in suite.tasks]
    return [
        Job("cell", task, optimizer, suite.budget_for(subject), subject, entry)
        for task, subject in subjects
        for optimizer, entry in entries
        if applies(entry, subject.task)
    ]


def readings_planned(suite: Suite) -> list[Job]:
    """Probes of every learned entry on those of the suite's tasks that it was trained on."""
    entries = [(optimizer, resolve.entry(optimizer)) for optimizer in suite.optimizers]
    subjects = [(task, resolve.named_task(task)) for task in suite.tasks]
    return [
        Job("reading", task, optimizer, suite.budget_for(subject), subject, entry)
        for optimizer, entry in entries
        for task, subject in subjects
        if entry.kind == "learned"
        and entry.told_gradients_only
        and subject.name in entry.discloses.get("trained_on", ())
    ]
