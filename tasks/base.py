"""What is minimized: the contract of a task and the registry of names.

Imports nothing else in this project but the parser of names, and no TensorFlow: a task file is data and arithmetic, and
listing the tasks must not cost the seconds that TensorFlow takes to load. Write `from tasks import tf` where a task
needs it.
"""

from __future__ import annotations

import dataclasses
import importlib
import math
import numbers
import re
from abc import ABC, abstractmethod
from typing import Any

from tasks import syntax

_NAME = re.compile(r"[a-z0-9]+([-.][a-z0-9]+)*")
_registry: dict[str, Task] = {}
_floors: list[tuple[Task, float]] = []
COSTS = ("light", "medium", "heavy")


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

    Subclasses are frozen dataclasses; what is a property here may be a `ClassVar` there. Tensors are float32; random
    numbers come from `tf.random.stateless_*(…, seed=key, alg="philox")` with `key`, `key + 1`, … as independent
    streams.

    >>> from dataclasses import dataclass
    >>> from tasks import Task, tf
    >>> @dataclass(frozen=True)
    ... class Bowl(Task):
    ...     width: float = 2.0
    ...     def sample(self, key):
    ...         return tf.random.stateless_normal([3], key, alg="philox"), ()
    ...     def loss(self, params, data, batch):
    ...         return tf.reduce_sum(tf.square(params / self.width))
    >>> params, data = Bowl().sample([0, 1])
    >>> Bowl().evaluate(params, data).shape
    TensorShape([])
    """

    @property
    def floor(self) -> float:
        """Lowest reachable evaluation loss over the task's problems, or a bound below it.

        Known in closed form, or found by `python -m bench maintain floors` and given to `register`; 0 otherwise.
        """
        return next((floor for task, floor in _floors if task == self), 0.0)

    @property
    def reference(self) -> str:
        """Source: author, title, year."""
        return ""

    @property
    def tags(self) -> tuple[str, ...]:
        """Its family first, then "convex" | "nonconvex", "stochastic", "paper"."""
        return ()

    @property
    def version(self) -> int:
        """Raised whenever a number of this task changes; records of other versions are not reused."""
        return 1

    @property
    def tile(self) -> tuple[int, int]:
        """Configurations × seeds run by one call of the compiled program: part of the numbers.

        A function of the settings alone, never of the machine (docs/layout.md says how to choose it).
        """
        return (16, 16)

    @property
    def flexible(self) -> bool:
        """Whether its rows come out the same bits in any tile shape: no sums over anything, no products of matrices."""
        return False

    @property
    def cost(self) -> str:
        """A step of one run takes about a microsecond or less: "light"; up to 20: "medium"; more: "heavy"."""
        return "light"

    @property
    def delay(self) -> int:
        """Steps by which gradients are late: step t is handed the gradient at the parameters of step t − delay."""
        return 0

    @property
    def alone(self) -> bool:
        """Whether runs go one at a time, in one graph: what its model does cannot be vectorized, or gains nothing."""
        return False

    @property
    def compiled(self) -> bool:
        """Whether XLA compiles the steps of runs that go alone: faster where all are products of matrices."""
        return False

    @property
    def recorded_steps(self) -> int:
        """Recorded steps of a run, about; fewer where scoring costs more than training does."""
        return 40

    @property
    def eager(self) -> bool:
        """Whether `sample` runs Python for every key; it is then called outside any graph."""
        return False

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of what `measure` says of the end of a run."""
        return ()

    def needs(self) -> tuple[float, float, int] | None:
        """(seconds of a first call, seconds of a step with a score now and then, bytes of a process), measured now.

        None where nothing is to be measured: shipped tasks are in a table.
        """
        return None

    @abstractmethod
    def sample(self, key: Any) -> tuple[Any, Any]:
        """Starting point and data of one problem: `key` (2,) int32 -> (params, data), nested tensors.

        Float32 without an axis for problems; the same key gives the same problem.

        >>> import tasks
        >>> params, data = tasks.get("rosenbrock").sample([0, 1])
        >>> params.shape
        TensorShape([2])
        """

    @abstractmethod
    def loss(self, params: Any, data: Any, batch: Any) -> Any:
        """Scalar loss, shape (); pure, differentiable, no random draws. `batch` is None for a deterministic task.

        `batch` is otherwise one step of what `batches` returns. Overflow is a loss that is not finite, no error.

        >>> import tasks
        >>> float(tasks.get("rosenbrock").loss(tasks.tf.ones([2]), (), None))
        0.0
        """

    def batches(self, key: Any, steps: int) -> Any:
        """What each of `steps` gradient evaluations sees, leading axis `steps`; None: a deterministic task.

        `key` (2,) int32 -> nested tensors (steps, …).

        >>> import tasks
        >>> tasks.get("rosenbrock").batches([0, 1], 5) is None
        True
        """
        return None

    def evaluate(self, params: Any, data: Any) -> Any:
        """Scalar, shape (), noise-free: what is scored. The loss on everything unless overridden.

        >>> import tasks
        >>> float(tasks.get("rosenbrock").evaluate(tasks.tf.zeros([2]), ()))
        1.0
        """
        return self.loss(params, data, None)

    def start_state(self, params: Any, data: Any) -> Any:
        """State of a run that training moves and no optimizer sees, as moving averages are; nested tensors.

        >>> import tasks
        >>> tasks.get("rosenbrock").start_state(tasks.tf.zeros([2]), ())
        ()
        """
        return ()

    def train_loss(self, params: Any, state: Any, data: Any, batch: Any) -> tuple[Any, Any]:
        """(loss, next state) of one step; override it where training has a state or draws by a key in `batch`.

        >>> import tasks
        >>> loss, state = tasks.get("rosenbrock").train_loss(tasks.tf.zeros([2]), (), (), None)
        >>> float(loss), state
        (1.0, ())
        """
        return self.loss(params, data, batch), state

    def constrain(self, params: Any) -> Any:
        """Parameters after an update, brought back to where they may be; nested tensors of the same shapes.

        >>> import tasks
        >>> tasks.get("rosenbrock").constrain([1.0, 2.0])
        [1.0, 2.0]
        """
        return params

    def score(self, params: Any, state: Any, data: Any) -> Any:
        """What is scored of a run with a state -> scalar, noise-free.

        >>> import tasks
        >>> float(tasks.get("rosenbrock").score(tasks.tf.zeros([2]), (), ()))
        1.0
        """
        return self.evaluate(params, data)

    def measure(self, params: Any, state: Any, data: Any) -> Any:
        """Scalars (float32) of the end of a run, in the order of `measures`: recorded beside the loss.

        >>> import tasks
        >>> tasks.get("rosenbrock").measure(tasks.tf.zeros([2]), (), ())
        ()
        """
        return ()


def register(name: str, task: Task, *, floor: float | None = None) -> Task:
    """Make `task` known as `name`, with the `floor` a search found, in units of its loss -> the task.

    Raises TaskError for a bad or taken name and for what is no task.

    >>> import tasks
    >>> tasks.register("wide", tasks.get("quadratic[dimension=50]"), floor=0.0) is tasks.get("wide")
    True
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise TaskError(f"task name {name!r} is not valid; use lower-case words joined by '-'")
    if not isinstance(task, Task):
        hint = f"; register an instance: {task.__name__}()" if isinstance(task, type) else ""
        raise TaskError(f"task {name!r} is a {type(task).__name__}, not a tasks.Task{hint}")
    _check_attributes(name, task)
    if floor is not None:
        _check_floor(name, floor)
    if _registry.setdefault(name, task) != task:
        raise TaskError(f"task {name!r} is already registered; choose another name")
    if floor is not None:
        _floors.append((task, float(floor)))
    return task


def _check_floor(name: str, floor: Any) -> None:
    """Raise TaskError unless `floor` is a finite number, of Python or NumPy."""
    if not isinstance(floor, numbers.Real) or not math.isfinite(floor):
        raise TaskError(
            f"task {name!r} has floor {floor!r}; a floor is one finite number: the lowest reachable loss, or a bound "
            "below it"
        )


def _check_attributes(name: str, task: Task) -> None:
    tile = task.tile
    if not isinstance(tile, tuple) or [type(side) for side in tile] != [int, int] or min(tile) < 1:
        raise TaskError(f"task {name!r} has tile {tile!r}; it is two whole numbers ≥ 1, (configurations, seeds)")
    if task.cost not in COSTS:
        raise TaskError(f"task {name!r} has cost {task.cost!r}; use one of {', '.join(COSTS)}")
    _check_floor(name, task.floor)
    if not isinstance(task.tags, tuple) or not all(isinstance(tag, str) for tag in task.tags):
        raise TaskError(f"task {name!r} has tags {task.tags!r}; they are a tuple of words")


def names() -> list[str]:
    """Registered names in order of registration."""
    return list(_registry)


def get(name: str) -> Task:
    """The task registered as `name`, or a variant of it: `quadratic[dimension=20]`. Raises TaskError.

    >>> import tasks
    >>> tasks.get("quadratic[dimension=20]").dimension
    20
    """
    try:
        base, settings = syntax.split(name)
    except ValueError as problem:
        raise TaskError(f"no task: {problem}") from None
    if settings is not None:
        return _variant(name, get(base), settings)
    if name not in _registry:
        raise TaskError(syntax.unknown(name, _registry, "task"))
    return _registry[name]


def _variant(name: str, task: Task, settings: str) -> Task:
    defaults: dict[str, Any] = {}
    if dataclasses.is_dataclass(task):
        defaults = {field.name: getattr(task, field.name) for field in dataclasses.fields(task)}
    try:
        changes = syntax.keywords(settings)
        if unknown := set(changes) - set(defaults):
            raise ValueError(f"it has no setting {min(unknown)!r}")
    except ValueError as problem:
        known = ", ".join(defaults) or "none"
        raise TaskError(f"cannot make task {name!r}; {problem}; its settings are: {known}") from None
    for setting, value in changes.items():
        _check_kind(name, setting, value, defaults[setting])
        if type(defaults[setting]) is float:
            changes[setting] = float(value)  # 10 and 10.0 are one task, not two
    instance: Any = task  # a dataclass, as `defaults` were found
    return dataclasses.replace(instance, **changes) if defaults else task


def _check_kind(name: str, setting: str, value: Any, default: Any) -> None:
    """Raise TaskError unless `value` is of the kind of `default`: a float may be given as a whole number."""
    kinds: dict[type, tuple[type[Any], ...]] = {float: (float, int), tuple: (tuple,), int: (int,), str: (str,)}
    allowed = kinds.get(type(default), (str,) if isinstance(default, Task) else (object,))
    if not isinstance(value, allowed) or (isinstance(value, bool) and type(default) is not bool):
        shown = "a task's name" if isinstance(default, Task) else f"like {default!r}"
        raise TaskError(f"cannot make task {name!r}; {setting} is {shown}, not {value!r}")
    parts = value if isinstance(value, tuple) else (value,)
    if any(isinstance(n, (int, float)) and not math.isfinite(n) for n in parts):
        raise TaskError(f"cannot make task {name!r}; {setting} is finite, not {value!r}")
    if type(default) is int and value < min(default, 1):
        least = min(default, 1)
        raise TaskError(f"cannot make task {name!r}; {setting} is at least {least}, not {value!r}")
