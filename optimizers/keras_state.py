"""What an optimizer object does with its settings before the first step: where it keeps them, what state it starts in.

Found out by building it twice, with other settings and other parameters. What differs between the two objects must be a
setting kept as it is, or state that is a setting or a copy of the parameters; anything else (a value computed in the
constructor, say) could not be swept, and is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from optimizers.base import OptimizerError


class Place(NamedTuple):
    """Where an object keeps the setting `name`: an attribute, or one item (`key`) of a list or dict in it."""

    owner: Any
    attribute: str
    key: Any
    name: str


class Trace(NamedTuple):
    """One built object, the settings and the parameters it was built with, and the state it made of them."""

    optimizer: Any
    settings: Mapping[str, float]
    params: Sequence[np.ndarray]
    state: Sequence[np.ndarray]


def places(first: Trace, second: Trace) -> list[Place]:
    """Where `first` keeps each swept setting. Raises OptimizerError for attributes that depend on one otherwise."""
    found = list(_compare(first, second, first.optimizer, second.optimizer))
    kept = {place.name for place in found} | {"learning_rate"}
    if lost := sorted(set(first.settings) - kept):
        raise OptimizerError(
            f"{_class(first)} does not keep its setting {lost[0]!r} as an attribute, so it cannot be swept; "
            "keep it in the constructor, or leave it out of θ"
        )
    return found


def _compare(first: Trace, second: Trace, one: Any, other: Any) -> Iterator[Place]:
    import keras

    for attribute, mine in list(vars(one).items()):
        if attribute.startswith("_self_"):  # TensorFlow's book-keeping of the same things
            continue
        theirs = vars(other).get(attribute)
        if isinstance(mine, keras.optimizers.schedules.LearningRateSchedule):
            yield from _compare(first, second, mine, theirs)
            continue
        items: list[tuple[Any, Any, Any]] = [(None, mine, theirs)]
        if isinstance(mine, (list, tuple)) and isinstance(theirs, (list, tuple)):
            items = [(i, a, b) for i, (a, b) in enumerate(zip(mine, theirs, strict=False))]
        elif isinstance(mine, dict) and isinstance(theirs, dict):
            items = [(key, value, theirs.get(key)) for key, value in mine.items()]
        for key, a, b in items:
            if _is_live(a):
                raise OptimizerError(
                    f"{_class(first)} keeps a tf.Variable in {attribute!r}; create it with self.add_variable in build()"
                )
            if _differ(a, b):
                yield Place(one, attribute, key, _setting(first, second, a, b, attribute))


def _is_live(value: Any) -> bool:
    import tensorflow as tf

    return isinstance(value, tf.Variable)


def _differ(a: Any, b: Any) -> bool:
    """Whether both are numbers, arrays or tensors, and not equal."""
    import keras
    import tensorflow as tf

    kinds = (int, float, np.ndarray, np.generic, tf.Tensor)
    if isinstance(a, keras.Variable) or not isinstance(a, kinds) or not isinstance(b, kinds):
        return False
    return not np.array_equal(np.asarray(a), np.asarray(b))


def _setting(first: Trace, second: Trace, a: Any, b: Any, attribute: str) -> str:
    """The setting whose two values are `a` and `b`."""
    for name, value in first.settings.items():
        if np.ndim(a) == 0 and a == value and b == second.settings[name]:
            return name
    raise OptimizerError(
        f"{_class(first)} computes {attribute!r} from a swept setting before the first step; compute it in "
        f"update_step, or leave the settings it depends on ({', '.join(first.settings)}) out of θ"
    )


@contextmanager
def swept(found: Sequence[Place], values: Mapping[str, Any]) -> Iterator[None]:
    """While inside: the objects hold `values` where they keep settings."""
    saved = []
    for owner, attribute, key, name in found:
        held = getattr(owner, attribute)
        saved.append((owner, attribute, held))
        new = values[name]
        if key is not None:
            copy = dict(held) if isinstance(held, dict) else list(held)
            copy[key] = new
            new = tuple(copy) if isinstance(held, tuple) else copy
        object.__setattr__(owner, attribute, new)
    try:
        yield
    finally:
        for owner, attribute, held in reversed(saved):
            object.__setattr__(owner, attribute, held)


class Start(NamedTuple):
    """Initial value of one slot: `array`, unless it is the setting `name` everywhere, or the parameters' `leaf`."""

    array: np.ndarray
    name: str | None = None
    leaf: int | None = None

    def make(self, params: Sequence[Any], values: Mapping[str, Any]) -> Any:
        """The tensor, given the parameters' leaves and the swept values."""
        import tensorflow as tf

        if self.leaf is not None:
            return tf.identity(params[self.leaf])
        if self.name is not None:
            return tf.fill(self.array.shape, tf.cast(values[self.name], self.array.dtype))
        return tf.constant(self.array)


def starts(first: Trace, second: Trace) -> list[Start]:
    """Where each slot's initial value comes from; raises OptimizerError when that is not to be seen."""
    pairs = zip(first.state, second.state, strict=True)
    return [_start(first, second, a, b) for a, b in pairs]


def _start(first: Trace, second: Trace, a: np.ndarray, b: np.ndarray) -> Start:
    if np.array_equal(a, b):
        return Start(a)
    for name, value in first.settings.items():
        if _is_full(a, value) and _is_full(b, second.settings[name]):
            return Start(a, name=name)
    for i, (p, q) in enumerate(zip(first.params, second.params, strict=True)):
        if np.array_equal(a, p) and np.array_equal(b, q):
            return Start(a, leaf=i)
    raise OptimizerError(
        f"{_class(first)} starts with state of shape {a.shape} that is neither constant, nor a swept setting, nor a "
        "copy of the parameters; such an optimizer cannot run on many problems at once"
    )


def _is_full(array: np.ndarray, value: float) -> bool:
    return bool(np.all(array == np.asarray(value, array.dtype)))


def _class(probe: Trace) -> str:
    return type(probe.optimizer).__name__.removeprefix("Functional")
