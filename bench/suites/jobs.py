"""What running a suite will do: its cells, and the probes of its learned entries. No TensorFlow: dry runs are quick."""

from __future__ import annotations

from typing import Any, NamedTuple

from bench.lookup import resolve
from bench.lookup.selectors import applies
from bench.records.record import Budget
from bench.suites.suite import Suite


class Job(NamedTuple):
    """One unit of work a process takes: a cell, or the probes of one learned optimizer on one task."""

    kind: str
    task: Any
    optimizer: Any
    budget: Budget


def plan(suite: Suite) -> list[Job]:
    """Cells of the suite, those left out whose entry is not made for their task; raises for unknown names."""
    for optimizer in suite.optimizers:
        resolve.entry(optimizer)
    return [
        Job("cell", task, optimizer, suite.budget_for(task))
        for task in suite.tasks
        for optimizer in suite.optimizers
        if applies(optimizer, task)
    ]


def readings_planned(suite: Suite) -> list[Job]:
    """Probes of every learned entry on those of the suite's tasks that it was trained on."""
    learned = [o for o in suite.optimizers if resolve.entry(o).kind == "learned"]
    return [
        Job("reading", task, optimizer, suite.budget_for(task))
        for optimizer in learned
        for task in suite.tasks
        if resolve.named_task(task).name in resolve.entry(optimizer).discloses.get("trained_on", ())
    ]
