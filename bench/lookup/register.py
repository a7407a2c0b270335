"""`bench.register`: one door to both registries, for whatever a user holds."""

from __future__ import annotations

from typing import Any

import optimizers
import tasks
from bench.errors import UserError
from optimizers import Entry, Optimizer
from tasks import Task

_FORMS = 'register("name", MyTask()), register(Entry(…)), or register("name", KerasClass, space={…})'


def register(name: str | Entry, thing: Any = None, **settings: Any) -> Task | Entry:
    """Make a task or an optimizer known by name -> what was registered.

    `register("booth", Booth())`, `register(Entry(…))`, `register("name", keras_class_or_instance, space={…},
    defaults={…})`. Registering the same thing again changes nothing. Raises TaskError, OptimizerError or UserError in
    one line for a taken or bad name and for what is neither.
    """
    if isinstance(name, Entry):
        _no_more(settings, name.name, thing)
        return optimizers.register(name)
    if isinstance(name, (Task, Optimizer)) or not isinstance(name, str):
        raise UserError(f"cannot register a {type(name).__name__} without a name; use {_FORMS}")
    if isinstance(thing, type) and issubclass(thing, Task):
        raise UserError(f"task {name!r} is a class; register an instance: {thing.__name__}()")
    if isinstance(thing, Task):
        _no_more(settings, name, None)
        return tasks.register(name, thing)
    if isinstance(thing, Entry):
        raise UserError(f"an Entry names itself {thing.name!r}; use register(entry) without {name!r}")
    if thing is None or isinstance(thing, Optimizer) or not _could_be_keras(thing):
        raise UserError(f"cannot register {_spell(thing)} as {name!r}; use {_FORMS}")
    return optimizers.register(name, thing, **settings)


def _no_more(settings: dict[str, Any], name: str, thing: Any) -> None:
    if settings or thing is not None:
        extra = ", ".join(settings) or _spell(thing)
        raise UserError(f"{name!r} takes nothing else, not {extra}; settings go into the object itself")


def _could_be_keras(thing: Any) -> bool:
    cls = thing if isinstance(thing, type) else type(thing)
    return isinstance(thing, str) or any(c.__module__.startswith("keras.") for c in cls.__mro__)


def _spell(thing: Any) -> str:
    if isinstance(thing, type):
        return f"the class {thing.__name__}"
    return "nothing" if thing is None else f"a {type(thing).__name__}"
