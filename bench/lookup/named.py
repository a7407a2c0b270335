"""A task with the name that its random keys derive from."""

from __future__ import annotations

from typing import NamedTuple

from tasks import Task


class NamedTask(NamedTuple):
    """A task and the name its random keys derive from."""

    name: str
    task: Task
