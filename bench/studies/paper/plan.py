"""Which of the paper's tasks are measured, and in how many parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bench.errors import UserError
from bench.studies.targets.plan import BASELINES

TASKS = ("linear-regression", "rosenbrock", "two-moons-small", "two-moons")
"""Tasks with claims; all but the last are measured by default."""


class Plan(NamedTuple):
    """The tasks, and whether the causal column is measured."""

    tasks: tuple[str, ...]
    ablations: bool

    def parts(self, entries: Mapping[str, Sequence[Any]]) -> int:
        """Steps of progress that measuring makes; `entries`: the meta-seeds of each task."""
        each = 4 if self.ablations else 3
        return sum(2 * len(BASELINES) + len(entries[task]) * each for task in self.tasks)


def plan(tasks: Sequence[str] | None, *, ablations: bool) -> Plan:
    """The plan for the tasks named, or the default ones. Raises UserError for a task without claims."""
    chosen = tuple(tasks or TASKS[:-1])
    if unknown := [name for name in chosen if name not in TASKS]:
        raise UserError(f"no claim about {', '.join(unknown)}; there are: {', '.join(TASKS)}")
    return Plan(chosen, ablations)
