"""What names a task in a record, a worker or another session must make the same task again."""

from __future__ import annotations

import dataclasses
import pickle
import re
from typing import Any

from bench.checks.result import Fault
from bench.checks.task_case import TaskCase

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def hashable(case: TaskCase) -> None:
    """A task is data: a frozen dataclass of hashable settings, described by its representation."""
    task = case.task
    held = vars(task) if hasattr(task, "__dict__") else {}
    if not dataclasses.is_dataclass(task) and held:
        raise Fault(
            f"settings {', '.join(held)} are not in the task's name; make {type(task).__name__} a frozen dataclass"
        )
    if extra := set(held) - {f.name for f in _fields(task)}:
        raise Fault(f"keeps {', '.join(sorted(extra))} besides its fields; keep no state in a task")
    try:
        hash(task)
    except TypeError as problem:
        raise Fault(f"is not hashable ({problem}); make it @dataclass(frozen=True) with tuples for lists") from None
    if _ADDRESS.search(repr(task)) and dataclasses.is_dataclass(task):
        raise Fault(f"settings have no lasting representation: {repr(task)[:80]}; use numbers, strings and tuples")


def restores(case: TaskCase) -> None:
    """Pickled and unpickled, and rebuilt from its settings, it is the same task."""
    task = case.task
    copies = [pickle.loads(pickle.dumps(task))]
    if dataclasses.is_dataclass(task):
        copies.append(type(task)(**{f.name: getattr(task, f.name) for f in _fields(task) if f.init}))
    for copy in copies:
        same = copy == task if dataclasses.is_dataclass(task) else type(copy) is type(task)
        if not same or (repr(copy) != repr(task) and dataclasses.is_dataclass(task)):
            raise Fault(f"restored as {copy!r}; keep every setting in a field of the dataclass, compared by value")


def _fields(task: Any) -> tuple:
    return dataclasses.fields(task) if dataclasses.is_dataclass(task) else ()
