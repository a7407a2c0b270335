"""What is to be checked: names, files, objects, or everything that is registered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import optimizers
import tasks
from bench.errors import UserError
from bench.lookup import plugins, resolve
from bench.lookup.named import NamedTask
from optimizers import Entry
from optimizers.syntax import listed
from tasks import Task


class Checked(NamedTuple):
    """`thing` is a NamedTask or an Entry, `kind` "task" or "optimizer"."""

    kind: str
    name: str
    thing: NamedTask | Entry


def everything() -> list[Checked]:
    """Every registered task, then every registered optimizer, plug-ins' too."""
    plugins.load_plugins()
    return [_task(name) for name in tasks.names()] + [_optimizer(name) for name in optimizers.names()]


def find(things: Iterable[Any]) -> list[Checked]:
    """Subjects meant by names, files (.py, .npz), tasks, entries and Keras optimizers, each once."""
    found: dict[tuple[str, str], Checked] = {}
    for thing in things:
        for subject in _find(thing):
            found.setdefault(subject[:2], subject)
    return list(found.values())


def only(things: Iterable[str], kind: str) -> list[Checked]:
    """Subjects of one kind by name; raises UserError, TaskError or OptimizerError for an unknown one."""
    return [(_task if kind == "task" else _optimizer)(thing) for thing in things]


def _find(thing: Any) -> list[Checked]:
    if isinstance(thing, Task):
        return [_task(thing)]
    if not isinstance(thing, str) or thing.endswith(".npz"):
        return [_optimizer(thing)]
    if thing.endswith(".py"):
        return _of_file(thing)
    return _of_name(thing)


def _of_file(path: str) -> list[Checked]:
    added = plugins.load_file(path)
    if not any(added):
        raise UserError(f"{path} registers no task and no optimizer; call register in it")
    return [_task(name) for name in added.tasks] + [_optimizer(name) for name in added.optimizers]


def _of_name(name: str) -> list[Checked]:
    base = name.partition("[")[0]
    if base not in {*tasks.names(), *optimizers.names()}:
        plugins.load_plugins()
    known = [*tasks.names(), *optimizers.names()]
    if base not in known:
        raise UserError(f"unknown name {name!r}, neither a task nor an optimizer{listed(base, known)}")
    found = [_task(name)] if base in tasks.names() else []
    return [*found, _optimizer(name)] if base in optimizers.names() else found


def _task(task: Any) -> Checked:
    if isinstance(task, Task):
        try:
            subject = resolve.named_task(task)
        except UserError:  # unhashable: for the checks to say
            subject = NamedTask(type(task).__name__, task)
    else:
        subject = resolve.named_task(task)
    return Checked("task", subject.name, subject)


def _optimizer(optimizer: Any) -> Checked:
    entry = resolve.entry(optimizer)
    return Checked("optimizer", entry.name, entry)
