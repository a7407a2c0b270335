"""What is minimized: the contract of a task and the registry of names.

Imports nothing else in this project, and no TensorFlow: a task file is data and arithmetic, and listing
the tasks must not cost the seconds that TensorFlow takes to load. Write `from tasks import tf` where a
task needs it.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
from abc import ABC, abstractmethod
from typing import Any, ClassVar

_NAME = re.compile(r"[a-z0-9]+([-.][a-z0-9]+)*")
_PARAMETRIZED = re.compile(r"(?P<name>[^\[\]]+)\[(?P<settings>.*)\]")
_registry: dict[str, Task] = {}


class TaskError(ValueError):
    """A mistake in naming or registering a task; its text names the value and the remedy."""


class _Lazy:
    """A module that is imported when first used."""

    def __init__(self, module: str):
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self._module), name)


tf: Any = _Lazy("tensorflow")


class Task(ABC):
    """A distribution of optimization problems, written for one problem at a time; the engine adds the axes.

    Subclasses are frozen dataclasses. Tensors are float32; random numbers come from
    `tf.random.stateless_*(…, seed=key, alg="philox")` with `key`, `key + 1`, `key + 2`, … as independent streams.
    """

    floor: ClassVar[float] = 0.0
    """Lowest reachable evaluation loss, known or best found."""
    reference: ClassVar[str] = ""
    """Source: title, year."""
    tags: ClassVar[tuple[str, ...]] = ()
    version: ClassVar[int] = 1
    """Raised whenever a number of this task changes; records of other versions are not reused."""
    tile: ClassVar[tuple[int, int]] = (16, 16)
    """Configurations × seeds run by one call of the compiled program: part of the numbers, so never derived."""

    @abstractmethod
    def sample(self, key) -> tuple[Any, Any]:
        """Starting point and data of one problem: `key` (2,) int32 -> (params, data), nested tensors."""

    @abstractmethod
    def loss(self, params, data, batch):
        """Scalar loss; pure, differentiable, no random draws. `batch` is None for a deterministic task."""

    def batches(self, key, steps: int):
        """What each of `steps` gradient evaluations sees, leading axis `steps`; None: a deterministic task."""
        return

    def evaluate(self, params, data):
        """Scalar, noise-free: what is scored. The loss on everything unless overridden."""
        return self.loss(params, data, None)


def register(name: str, task: Task) -> Task:
    """Make `task` known as `name`; raises TaskError when either cannot be."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise TaskError(f"task name {name!r} is not valid; use lower-case words joined by '-'")
    if not isinstance(task, Task):
        hint = f"; register an instance: {task.__name__}()" if isinstance(task, type) else ""
        raise TaskError(f"task {name!r} is a {type(task).__name__}, not a tasks.Task{hint}")
    if _registry.setdefault(name, task) != task:
        raise TaskError(f"task {name!r} is already registered; choose another name")
    return task


def names() -> list[str]:
    """Registered names in order of registration."""
    return list(_registry)


def get(name: str) -> Task:
    """The task registered as `name`, or a variant of it: `quadratic[dimension=20]`. Raises TaskError."""
    if match := _PARAMETRIZED.fullmatch(name):
        return _variant(name, get(match["name"]), match["settings"])
    if name not in _registry:
        raise TaskError(f"unknown task {name!r}; known: {', '.join(_registry)}")
    return _registry[name]


def _variant(name: str, task: Task, settings: str) -> Task:
    fields: list[str] = []
    if dataclasses.is_dataclass(task):
        fields = [field.name for field in dataclasses.fields(task)]
    try:
        call: Any = ast.parse(f"f({settings})", mode="eval").body
        changes = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
        if call.args or not set(changes) <= set(fields):
            raise ValueError
        return dataclasses.replace(task, **changes)  # type: ignore[type-var]
    except (SyntaxError, ValueError, TypeError):
        raise TaskError(
            f"cannot make task {name!r}; its settings are: {', '.join(fields) or 'none'}"
        ) from None
