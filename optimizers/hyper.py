"""Swept hyper-parameters as Keras's Python code sees them: tensors in arithmetic, numbers in its `if`s.

A comparison of a swept value is answered for one typical value (its probe), written down, and the code run again with
the other answer; `explore` then joins the results by `tf.where`, so that each configuration gets what plain Python
would have done for it. Turning a swept value into a Python number is an error.
"""

from __future__ import annotations

import functools
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from optimizers.base import OptimizerError

PATHS = 16
"""Ways through the `if`s of one update that are still compiled into one program."""


class Taken(NamedTuple):
    """One comparison: `condition`, scalar bool tensor, was answered by `outcome`."""

    condition: Any
    outcome: bool


class Decisions:
    """Answers to the comparisons of one run of the code; the first ones may be prescribed."""

    def __init__(self, forced: tuple[bool, ...] = ()):
        self._forced = forced
        self._known: dict[Any, bool] = {}
        self.taken: list[Taken] = []

    def settle(self, key: Any, condition: Callable[[], Any], typical: bool) -> bool:
        """The answer for comparison `key`, the same whenever it is asked again."""
        if key not in self._known:
            place = len(self.taken)
            outcome = self._forced[place] if place < len(self._forced) else typical
            self._known[key] = outcome
            self.taken.append(Taken(condition(), outcome))
        return self._known[key]


def explore(run: Callable[[Decisions], Any]) -> Any:
    """Nested tensors of `run(decisions)` over every way its comparisons of swept values can go.

    A way that raises gives NaN, so that a configuration it is meant for diverges rather than being another one's.
    Raises OptimizerError for more than 16 ways.
    """
    import tensorflow as tf

    ways = 0

    def through(forced: tuple[bool, ...]):
        nonlocal ways
        ways += 1
        if ways > PATHS:
            raise OptimizerError(
                f"the update branches on swept settings in more than {PATHS} ways; sweep fewer of them at once"
            )
        decisions = Decisions(forced)
        result = run(decisions)
        outcomes = tuple(taken.outcome for taken in decisions.taken)
        for i in reversed(range(len(forced), len(outcomes))):
            other = attempt((*outcomes[:i], not outcomes[i]), result)
            yes, no = (result, other) if outcomes[i] else (other, result)
            choose = functools.partial(tf.where, decisions.taken[i].condition)
            result = tf.nest.map_structure(choose, yes, no)
        return result

    def attempt(forced, like):
        try:
            return through(forced)
        except OptimizerError:
            raise
        except Exception:  # anybody's code, told a value it may rightly refuse
            return tf.nest.map_structure(_nowhere, like)

    return through(())


def _nowhere(tensor):
    import tensorflow as tf

    return tf.fill(tf.shape(tensor), float("nan")) if tensor.dtype.is_floating else tensor


class Deferred(ABC):
    """What behaves as a tensor in arithmetic, but is read only when it is used."""

    __array_priority__ = 1000

    @abstractmethod
    def read(self) -> Any:
        """The tensor itself."""

    def __tf_tensor__(self, dtype=None, name=None):
        import tensorflow as tf

        tensor = tf.convert_to_tensor(self.read())
        return tensor if dtype in (None, tensor.dtype) else tf.cast(tensor, dtype)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.read(), name)

    def __getitem__(self, index):
        return self.read()[index]

    def __neg__(self):
        return -self.read()

    def __abs__(self):
        return abs(self.read())

    def __bool__(self):
        return bool(self.read())

    def __int__(self):
        return int(self.read())

    def __float__(self):
        return float(self.read())

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.read(), dtype)


class HyperParameter(Deferred):
    """A swept setting. `always` names answers that hold for every value, so that nothing branches."""

    def __init__(self, name: str, tensor, probe: float, decisions: Decisions, always: bool = False):
        self._name, self._tensor, self._probe = name, tensor, probe
        self._decisions, self._always = decisions, always

    def read(self):
        return self._tensor

    def __bool__(self):
        return self._compare("ne", 0.0)

    def _compare(self, name: str, other: Any) -> Any:
        compare = getattr(operator, name)
        if isinstance(other, HyperParameter):
            key: Any = other._name
            against, number = other._tensor, other._probe
        elif isinstance(other, (int, float)):
            key = against = number = float(other)
        else:
            return compare(self._tensor, other)
        typical = compare(self._probe, number)
        if self._always:
            return typical
        condition = {"eq": _equal, "ne": lambda a, b: ~_equal(a, b)}.get(name, compare)
        return self._decisions.settle((self._name, name, key), lambda: condition(self._tensor, against), typical)

    def _refuse(self, *_args, **_kwargs):
        raise OptimizerError(
            f"setting {self._name!r} is swept, but the optimizer turns it into a Python number; use keras.ops on it, "
            "or sweep it as Integer(low, high), or fix it by giving an integer, a boolean or a string"
        )

    def __eq__(self, other):
        known = isinstance(other, (int, float, HyperParameter))
        return self._compare("eq", other) if known else NotImplemented

    def __ne__(self, other):
        known = isinstance(other, (int, float, HyperParameter))
        return self._compare("ne", other) if known else NotImplemented

    __hash__ = object.__hash__
    __float__ = __int__ = __index__ = __round__ = __array__ = __iter__ = _refuse


def _equal(a, b):
    import tensorflow as tf

    return tf.equal(a, b)


def _arithmetic(name: str):
    def method(self, other):
        import tensorflow as tf

        mine = self.read()
        theirs = other.read() if isinstance(other, Deferred) else other
        if hasattr(theirs, "dtype") and not isinstance(theirs, (np.ndarray, np.generic)):
            mine = tf.cast(mine, theirs.dtype)
        return getattr(tf.convert_to_tensor(mine), name)(theirs)

    return method


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    for _method in (f"__{_name}__", f"__r{_name}__"):
        setattr(Deferred, _method, _arithmetic(_method))
for _name in ("lt", "le", "gt", "ge"):
    setattr(HyperParameter, f"__{_name}__", lambda self, other, name=_name: self._compare(name, other))
    setattr(Deferred, f"__{_name}__", lambda self, other, name=_name: getattr(operator, name)(self.read(), other))
