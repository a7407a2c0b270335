"""From what a user names or holds to a task, an entry and its θ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import optimizers
import tasks
from bench.errors import UserError
from bench.lookup import plugins
from bench.lookup.identity import settings_of
from bench.lookup.named import NamedTask
from optimizers import Entry, syntax
from optimizers.keras import keras_entry
from optimizers.registry import families
from optimizers.shipped import load_entry
from tasks import Task


def named_task(task: str | Task | NamedTask) -> NamedTask:
    """The task meant by a name, a parametrized name or an object; raises UserError or TaskError."""
    if isinstance(task, NamedTask):
        return task
    if isinstance(task, str):
        _load_plugins_for(task, tasks.names())
        _check_kind(task, tasks.names(), optimizers.names(), "an optimizer; a task belongs there, such as rosenbrock")
        return NamedTask(task, tasks.get(task))
    if not isinstance(task, Task):
        raise UserError(f"{task!r} is not a task; give a registered name or a tasks.Task instance")
    try:
        hash(task)
    except TypeError:
        raise UserError(f"task {type(task).__name__} is not hashable; make it a frozen dataclass of tuples") from None
    registered = (name for name in tasks.names() if tasks.get(name) == task)
    return NamedTask(next(registered, settings_of(task)), task)


def entry(optimizer: Any) -> Entry:
    """The entry meant by a name, a weights file, an Entry, or a Keras class or instance."""
    if isinstance(optimizer, Entry):
        return optimizer
    if isinstance(optimizer, str):
        if optimizer.endswith(".npz"):
            return load_entry(optimizer)
        _load_plugins_for(optimizer, optimizers.names())
        _check_kind(optimizer, optimizers.names(), tasks.names(), "a task; an optimizer belongs there, such as adam")
        return optimizers.get(optimizer)
    return keras_entry(keras_name(optimizer), optimizer, space={}, defaults={})


def at(entry: Entry, theta: Mapping[str, Any]) -> Entry:
    """A registered entry with what its tuning may move fixed as in θ, named so: `adam[learning_rate=0.02,…]`."""
    if not entry.space:
        return entry
    base, given = syntax.split(entry.name)
    settings = [*([given] if given else []), *(f"{name}={theta[name]!r}" for name in entry.space)]
    return optimizers.get(f"{base}[{','.join(settings)}]")


def _check_kind(name: str, known: list[str], others: list[str], told: str) -> None:
    """Raises UserError for a name of the other kind, as where the two stand in each other's place."""
    base = name.partition("[")[0]
    if base in others and base not in known:
        raise UserError(f"{name!r} is {told}")


def keras_name(optimizer: Any) -> str:
    """What a Keras class or instance that nobody registered is called."""
    cls = optimizer if isinstance(optimizer, type) else type(optimizer)
    return cls.__name__.lower()


def _load_plugins_for(name: str, known: list[str]) -> None:
    """A name nobody registered yet may be that of an installed plug-in, in this process or in a worker."""
    if name.partition("[")[0] not in (*known, *families()):
        plugins.load_plugins()


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
        if isinstance(default, float) and not isinstance(value, (bool, str)) and np.ndim(value) == 0:
            continue
        if isinstance(default, float):
            raise UserError(f"optimizer {entry.name!r}: {name} is {value!r}; give a number like {default!r}")
    return {**defaults, **(changes or {})}
