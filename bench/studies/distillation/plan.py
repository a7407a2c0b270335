"""What a distillation asks for, and where its closed forms are raced: in distribution and out of it."""

from __future__ import annotations

from typing import NamedTuple

from bench.errors import UserError
from bench.lookup import resolve
from bench.lookup.named import NamedTask
from optimizers import Entry
from tasks import TaskError

FURTHER = 5
"""Factor on the horizon out of distribution."""
LOUDER = 10.0
"""Factor on the loss out of distribution."""
WIDER = 20
"""Dimension out of distribution, of tasks that have one."""


class Asked(NamedTuple):
    """`refine`: meta-iterations; `trials` per variant of the reverse; 0 leaves either out."""

    refine: int
    trials: int
    problems: int
    steps: int


def check_entry(entry: Entry) -> None:
    """Raise UserError for an optimizer that is no system of gradients."""
    if not entry.told_gradients_only:
        raise UserError(f"optimizer {entry.name!r} cannot be distilled: it is handed the loss itself; choose another")


class Condition(NamedTuple):
    """Where a race is held: a task, and how many steps."""

    name: str
    subject: NamedTask
    steps: int


def conditions(subject: NamedTask, steps: int) -> list[Condition]:
    """In distribution; five times as long; the loss ten times as large; dimension 20 where there is a dimension."""
    found = [Condition("in distribution", subject, steps)]
    found.append(Condition(f"horizon ×{FURTHER}", subject, FURTHER * steps))
    texts = {f"loss ×{LOUDER:g}": f"scaled-loss[task={subject.name!r},factor={LOUDER}]"}
    if getattr(subject.task, "dimension", WIDER) != WIDER:
        texts[f"dimension {WIDER}"] = f"{subject.name}[dimension={WIDER}]"
    for name, text in texts.items():
        try:
            found.append(Condition(name, resolve.named_task(text), steps))
        except (UserError, TaskError):
            continue  # a task that has no name cannot be wrapped by name
    return found
