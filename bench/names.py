"""From what a user names or holds to a task and an entry, and back to what identifies them."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import optimizers
import tasks
from bench import ablations, imports
from bench.errors import UserError
from optimizers import Entry
from tasks import Task

_PROJECT = {Path(package.__file__).parent for package in (optimizers, tasks) if package.__file__}
_VERSIONED = ("keras", "tensorflow")
"""Packages whose versions are part of a record, so that their source need not be."""


class NamedTask(NamedTuple):
    """A task and the name its random keys derive from."""

    name: str
    task: Task


def named_task(task: str | Task) -> NamedTask:
    """The task meant by a name, a parametrized name or an object; raises UserError or TaskError."""
    if isinstance(task, str):
        _load_plugins_for(task, tasks.names())
        return NamedTask(task, tasks.get(task))
    if not isinstance(task, Task):
        raise UserError(f"{task!r} is not a task; give a registered name or a tasks.Task instance")
    try:
        hash(task)
    except TypeError:
        raise UserError(
            f"task {type(task).__name__} is not hashable; make it a frozen dataclass of tuples"
        ) from None
    registered = (name for name in tasks.names() if tasks.get(name) == task)
    return NamedTask(next(registered, _settings(task)), task)


def entry(optimizer: Any) -> Entry:
    """The entry meant by a name, a weights file, an Entry, or a Keras class or instance."""
    if isinstance(optimizer, Entry):
        return optimizer
    if isinstance(optimizer, str):
        if optimizer.endswith(".npz"):
            return optimizers.load(optimizer)
        _load_plugins_for(optimizer, optimizers.names())
        return optimizers.get(optimizer)
    from optimizers.keras import keras_entry

    cls = optimizer if isinstance(optimizer, type) else type(optimizer)
    return keras_entry(cls.__name__.lower(), optimizer, space={}, defaults={})


def _load_plugins_for(name: str, known: list[str]) -> None:
    """A name nobody registered yet may be that of an installed plug-in, in this process or in a worker."""
    if name.partition("[")[0] not in (*known, *ablations.FAMILIES):
        imports.load_plugins()


def theta(entry: Entry, changes: dict[str, Any] | None) -> dict[str, Any]:
    """The entry's defaults with `changes`; raises UserError for a name θ does not have."""
    defaults = dict(entry.defaults)
    if not isinstance(changes or {}, Mapping):
        raise UserError(f"theta is {changes!r}; give a mapping from setting to value, or None")
    known = dict.fromkeys((*defaults, *getattr(entry.build, "settings", ())))
    if unknown := set(changes or {}) - set(known):
        raise UserError(
            f"optimizer {entry.name!r} has no setting {', '.join(sorted(unknown))}; it has: {', '.join(known)}"
        )
    for name, value in (changes or {}).items():
        default = defaults.get(name)
        if (
            isinstance(default, float)
            and not isinstance(value, (bool, str))
            and np.ndim(value) == 0
        ):
            continue
        if isinstance(default, float):
            raise UserError(
                f"optimizer {entry.name!r}: {name} is {value!r}; give a number like {default!r}"
            )
    return {**defaults, **(changes or {})}


def task_definition(task: Task) -> str:
    """Everything of a task that determines its numbers: class, settings, version, tile, source if out of tree."""
    inner = [
        f" around {task_definition(value)}" for value in _values(task) if isinstance(value, Task)
    ]
    tile = f"tile {task.tile[0]}×{task.tile[1]}{' flexible' if task.flexible else ''}"
    about = f"{_settings(task)} version {task.version} {tile}"
    return f"{about}{_source(type(task))}{''.join(inner)}"


def optimizer_definition(entry: Entry) -> str:
    """Everything of an entry that determines its numbers: space, defaults, build, version, source if out of tree."""
    values = sorted((name, _value(v)) for name, v in entry.defaults.items())
    build = getattr(entry.build, "__self__", entry.build)
    source = getattr(build, "source", build)
    shown = _function(build)
    return f"{shown} version {entry.version} space {sorted(entry.space.items())} theta {values}{_source(source)}"


def _function(build: Any) -> str:
    """What tells one `build` from another: its name, what it is bound to and what it closes over."""
    if dataclasses.is_dataclass(build):
        return repr(build)
    if isinstance(build, functools.partial):
        return f"{_function(build.func)}({build.args}, {sorted(build.keywords.items())})"
    name = getattr(build, "__qualname__", type(build).__name__)
    held = [cell.cell_contents for cell in getattr(build, "__closure__", None) or ()]
    plain = [value for value in held if isinstance(value, (bool, int, float, str, tuple))]
    return f"{name}{plain}" if plain else name


def _values(task: Task) -> list[Any]:
    fields: tuple[Any, ...] = dataclasses.fields(task) if dataclasses.is_dataclass(task) else ()
    return [getattr(task, field.name) for field in fields]


def _settings(task: Task) -> str:
    return repr(task) if dataclasses.is_dataclass(task) else f"{type(task).__qualname__}()"


def _value(value: Any) -> str:
    if np.ndim(value) == 0:
        return repr(value)
    array = np.ascontiguousarray(value)
    return f"{array.shape} {hashlib.sha256(array.tobytes()).hexdigest()[:16]}"


def _source(thing: Any) -> str:
    """A digest of the file that defines `thing`, unless this project or Keras ships it."""
    while isinstance(thing, functools.partial):
        thing = thing.func
    if getattr(thing, "__module__", "").partition(".")[0] in _VERSIONED:
        return ""
    try:
        path = Path(
            inspect.getfile(
                thing if inspect.isroutine(thing) or isinstance(thing, type) else type(thing)
            )
        )
    except (TypeError, OSError):
        return ""
    if any(folder in path.parents for folder in _PROJECT):
        return ""
    return " source " + hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""
