"""docs/library.md: every registered task and optimizer with its source."""

from __future__ import annotations

from pathlib import Path

import optimizers
import tasks
from bench.reports.tables import piped
from optimizers import Entry
from tasks import Task

PAGE = Path(__file__).parents[2] / "docs" / "library.md"
_INTRO = """# Library

Made by `python -m bench maintain library`; a test checks that it is current. `python -m bench check` tests
every line against its contract.
"""
_TASKS = """
## Tasks

The first tag is the family. *Floor*: the lowest reachable evaluation loss (exact, or the best found) or a lower
bound. *Cost*: the time of one step of one run: light (about a microsecond), medium (up to 20 microseconds) or heavy.
"""
_OPTIMIZERS = """
## Optimizers

*Tuned*: the settings that tuning searches; other settings keep their defaults. Oracles know the problem. They
show the best possible result, and are never ranked.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_INTRO + _TASKS, *_task_table(), _OPTIMIZERS, *_optimizer_table(), ""])


def _task_table() -> list[str]:
    rows = ((name, *_task(tasks.get(name))) for name in tasks.names())
    return piped(("name", "tags", "cost", "floor", "source"), rows)


def _task(task: Task) -> tuple[str, ...]:
    return ", ".join(task.tags), task.cost, f"{task.floor:.6g}", task.reference


def _optimizer_table() -> list[str]:
    rows = ((name, *_optimizer(optimizers.get(name))) for name in optimizers.names())
    return piped(("name", "kind", "tuned", "defaults", "source"), rows)


def _optimizer(entry: Entry) -> tuple[str, ...]:
    defaults = (
        "its weights"
        if entry.kind == "learned"
        else ", ".join(f"{name}={value}" for name, value in entry.defaults.items())
    )
    return entry.kind, ", ".join(entry.space) or "nothing", defaults, entry.reference
