"""What identifies a task or an entry in a record: everything that determines its numbers, as text."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from optimizers import Entry
from tasks import Task, source_files

_ROOT = Path(__file__).parents[2]
_PACKAGES = ("bench", "optimizers", "tasks")
_OURS = (*_PACKAGES, "keras")
_PLAIN = (str, bytes, int, float, complex, type(None), np.ndarray, np.generic, dict)
_VERSIONED = ("keras", "tensorflow")
"""Packages whose versions are part of a record, so that their source need not be."""


def task_definition(task: Task) -> str:
    """Everything of a task that determines its numbers: class, settings, version, tile, source if out of tree."""
    inner = [f" around {task_definition(value)}" for value in _values(task) if isinstance(value, Task)]
    tile = f"tile {task.tile[0]}×{task.tile[1]}{' flexible' if task.flexible else ''}"
    about = f"{settings_of(task)} version {task.version} {tile}"
    return f"{about}{_source(type(task))}{''.join(inner)}"


def optimizer_definition(entry: Entry, task: Task | None = None) -> str:
    """Everything of an entry that determines its numbers: space, defaults, build, version, source if out of tree.

    What it asks for too, and the floor of `task` if that is among it.
    """
    values = sorted((name, _value(v)) for name, v in entry.defaults.items())
    build = getattr(entry.build, "__self__", entry.build)
    source = getattr(build, "source", build)
    shown = _function(build)
    asks = f" {entry.asks}" if entry.asks is not None else ""
    if task is not None and entry.asks is not None and entry.asks.floor:
        asks += f" floor {task.floor}"
    return f"{shown} version {entry.version} space {sorted(entry.space.items())} theta {values}{asks}{_source(source)}"


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


@functools.cache
def source() -> str:
    """A digest of what moves numbers here: this project's code, and its weights with their cards."""
    whole = hashlib.sha256()
    for package in _PACKAGES:
        for path in sorted((_ROOT / package).rglob("*")):
            if path.suffix == ".py" or (path.suffix in (".npz", ".json") and path.with_suffix(".npz").exists()):
                whole.update(f"{path.relative_to(_ROOT).as_posix()}\n".encode() + path.read_bytes())
    return whole.hexdigest()


def ours(thing: Any) -> bool:
    """Whether a task, or what builds an optimizer, is made of code of this project and of Keras alone."""
    return all(module.partition(".")[0] in _OURS for module in _modules(thing, set()))


def _modules(thing: Any, met: set[int]) -> Iterator[str]:
    """Modules of the code in `thing`: what it is, what it is bound to, and what it closes over."""
    if id(thing) in met or isinstance(thing, _PLAIN):
        return
    met.add(id(thing))
    parts: tuple[Any, ...] = ()
    if isinstance(thing, functools.partial):
        parts = (thing.func, *thing.args, *thing.keywords.values())
    elif inspect.ismethod(thing):
        parts = (thing.__self__, thing.__func__)
    elif inspect.isroutine(thing):
        parts = tuple(cell.cell_contents for cell in getattr(thing, "__closure__", None) or ())
        yield thing.__module__ or ""
    elif isinstance(thing, (tuple, list)):
        parts = tuple(thing)
    else:
        yield (thing if isinstance(thing, type) else type(thing)).__module__
        parts = tuple(_values(thing)) if not isinstance(thing, type) else ()
    for part in parts:
        yield from _modules(part, met)


def _values(task: Any) -> list[Any]:
    fields: tuple[Any, ...] = dataclasses.fields(task) if dataclasses.is_dataclass(task) else ()
    return [getattr(task, field.name) for field in fields]


def settings_of(task: Task) -> str:
    return repr(task) if dataclasses.is_dataclass(task) else f"{type(task).__qualname__}()"


def _value(value: Any) -> str:
    if np.ndim(value) == 0:
        return repr(value)
    array = np.ascontiguousarray(value)
    return f"{array.shape} {hashlib.sha256(array.tobytes()).hexdigest()[:16]}"


def _source(thing: Any) -> str:
    """A digest of the files that `thing` is made of, unless this project or Keras ships it."""
    while isinstance(thing, functools.partial):
        thing = thing.func
    if getattr(thing, "__module__", "").partition(".")[0] in _VERSIONED:
        return ""
    try:
        path = Path(inspect.getfile(thing if inspect.isroutine(thing) or isinstance(thing, type) else type(thing)))
    except (TypeError, OSError):
        return ""
    if source_files.versioned(path) or not path.is_file():
        return ""
    return " source " + hashlib.sha256(source_files.content(path)).hexdigest()[:16]
