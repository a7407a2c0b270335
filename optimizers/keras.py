"""Every `keras.optimizers` class, unmodified, as a pure function whose hyper-parameters are tensors.

Keras refuses `stateless_apply` on TensorFlow because its TensorFlow mixin overrides a dozen methods with
ones that need live variables. Below, a subclass puts the backend-neutral methods of `BaseOptimizer` back
in front of that mixin, where `super()` of any optimizer class finds them. Private names of Keras are used
in this file only; tests compare every entry with plain Keras.
"""

from __future__ import annotations

import functools
import inspect
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimizers.base import Entry, Optimizer, OptimizerError

_PROBE = 0.5
"""What Python code of Keras sees when it compares a swept hyper-parameter: valid for every one of them."""


def keras_entry(name: str, source: Any, *, space, defaults, kind="hand-designed", **about) -> Entry:
    """Entry for `source`: a class of keras.optimizers by name, any optimizer class, or an instance.

    Its float settings become θ and can be swept; what an instance fixes otherwise (switches, integers,
    schedules) stays fixed. Raises OptimizerError for anything else and for a space over unknown names.
    """
    if isinstance(source, str):
        return Entry(name, kind, KerasBuild(source), space, defaults, **about)
    cls = source if isinstance(source, type) else type(source)
    if not _is_optimizer(cls):
        raise OptimizerError(
            f"optimizer {name!r}: {source!r} is not a keras.optimizers.Optimizer class or instance"
        )
    config = _signature_defaults(cls) if isinstance(source, type) else source.get_config()
    floats = {key: value for key, value in config.items() if isinstance(value, float)}
    fixed = {key: value for key, value in config.items() if key not in floats and key != "name"}
    theta = {**floats, **defaults}
    if unknown := set(space) - set(theta):
        raise OptimizerError(
            f"optimizer {name!r}: cannot sweep {', '.join(sorted(unknown))}; its float settings are: {', '.join(theta)}"
        )
    build = KerasBuild(cls, _freeze(fixed) if not isinstance(source, type) else ())
    return Entry(name, kind, build, space, theta, **about)


@dataclass(frozen=True)
class KerasBuild:
    """θ -> Optimizer for one Keras class; `fixed` are constructor arguments outside θ."""

    source: Any
    fixed: tuple[tuple[str, Any], ...] = ()

    def __call__(self, theta: Mapping[str, Any]) -> Optimizer:
        import tensorflow as tf

        swept = {key: tf.convert_to_tensor(v) for key, v in theta.items() if _is_swept(v)}
        switches = tuple(sorted((key, v) for key, v in theta.items() if key not in swept))

        def template(params):
            leaves = tf.nest.flatten(params)
            shapes = tuple((tuple(leaf.shape), leaf.dtype.name) for leaf in leaves)
            return _template(self.source, self.fixed + switches, tuple(swept), shapes)

        return Optimizer(
            lambda params: template(params).initial_state(),
            lambda gradients, state, params, step: template(params).update(
                gradients, state, params, step, swept
            ),
        )


class _Template:
    """One built Keras optimizer, used only while tracing."""

    def __init__(self, optimizer, variables):
        self.optimizer = optimizer
        optimizer.build(variables)
        self._places = {
            name: next((i for i, v in enumerate(optimizer.variables) if v is variable), None)
            for name, variable in (
                ("step", optimizer._iterations),
                ("rate", optimizer._learning_rate),
            )
        }
        kept = (v for i, v in enumerate(optimizer.variables) if i not in self._places.values())
        self._initial = [v.numpy() for v in kept]

    def initial_state(self):
        import tensorflow as tf

        return [tf.constant(value) for value in self._initial]

    def update(self, gradients, state, params, step, swept):
        """Updates and new state; the learning rate and the step count are handed in, never kept in the state."""
        import tensorflow as tf

        old, given = tf.nest.flatten(params), list(state)
        handed = {
            "step": tf.cast(step, self.optimizer._iterations.dtype),
            "rate": swept.get("learning_rate"),
        }
        for name, place in sorted(
            self._places.items(), key=lambda item: (item[1] is None, item[1])
        ):
            if place is not None:
                given.insert(place, handed[name])
        with _Swept(self.optimizer, swept):
            new, given = self.optimizer.stateless_apply(given, tf.nest.flatten(gradients), old)
        kept = [v for i, v in enumerate(given) if i not in self._places.values()]
        updates = [after - before for after, before in zip(new, old, strict=True)]
        return tf.nest.pack_sequence_as(params, updates), kept


class _Swept:
    """While inside: the attributes of `optimizer` named in `swept` are its tensors."""

    def __init__(self, optimizer, swept):
        self._optimizer = optimizer
        self._tensors = {name: v for name, v in swept.items() if name != "learning_rate"}

    def __enter__(self):
        self._saved = {name: getattr(self._optimizer, name) for name in self._tensors}
        for name, tensor in self._tensors.items():
            object.__setattr__(self._optimizer, name, HyperParameter(tensor))

    def __exit__(self, *_):
        for name, value in self._saved.items():
            object.__setattr__(self._optimizer, name, value)


class HyperParameter:
    """A tensor in arithmetic, an ordinary float in the `if`s of Keras's Python code."""

    __array_priority__ = 1000

    def __init__(self, tensor):
        self._tensor = tensor
        self.dtype = tensor.dtype
        self.shape = tensor.shape

    def __tf_tensor__(self, dtype=None, name=None):
        import tensorflow as tf

        return self._tensor if dtype in (None, self.dtype) else tf.cast(self._tensor, dtype)

    def __bool__(self):
        return True

    def __neg__(self):
        return -self._tensor


def _arithmetic(operator):
    def method(self, other):
        import tensorflow as tf

        other = other._tensor if isinstance(other, HyperParameter) else other
        same = other if not hasattr(other, "dtype") else tf.cast(self._tensor, other.dtype)
        mine = self._tensor if same is other else same
        return getattr(mine, operator)(other)

    return method


def _comparison(operator):
    return lambda self, other: getattr(_PROBE, operator)(
        _PROBE if isinstance(other, HyperParameter) else float(other)
    )


for _name in ("add", "sub", "mul", "truediv", "pow"):
    for _operator in (f"__{_name}__", f"__r{_name}__"):
        setattr(HyperParameter, _operator, _arithmetic(_operator))
for _operator in ("__lt__", "__le__", "__gt__", "__ge__"):
    setattr(HyperParameter, _operator, _comparison(_operator))


@functools.lru_cache(maxsize=256)
def _template(source, fixed, swept, shapes) -> _Template:
    import keras
    import tensorflow as tf

    cls = getattr(keras.optimizers, source) if isinstance(source, str) else source
    settings = {**_thaw(fixed), **dict.fromkeys(swept, _PROBE)}
    with tf.init_scope():
        variables = [
            keras.Variable(tf.zeros(shape, dtype), dtype=dtype, name=f"parameter_{i}")
            for i, (shape, dtype) in enumerate(shapes)
        ]
        return _Template(_functional(cls)(**settings), variables)


@functools.cache
def _functional(cls):
    return type("Functional" + cls.__name__, (cls, _neutral()), {})


@functools.cache
def _neutral():
    """A subclass of Keras's TensorFlow mixin with every overridden method set back to the neutral one."""
    from keras.src.backend.tensorflow.optimizer import TFOptimizer
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    overridden = (
        (vars(TFOptimizer).keys() & vars(BaseOptimizer).keys()) - set(dir(type)) - {"__init__"}
    )
    methods = {
        name: vars(BaseOptimizer)[name] for name in overridden if callable(vars(TFOptimizer)[name])
    }
    return type("Neutral", (TFOptimizer,), methods)


def _is_swept(value: Any) -> bool:
    return (
        not isinstance(value, (bool, str))
        and not isinstance(value, numbers.Integral)
        and value is not None
    )


def _is_optimizer(cls: type) -> bool:
    import keras

    return issubclass(cls, keras.optimizers.Optimizer)


def _signature_defaults(cls: type) -> dict[str, Any]:
    parameters = inspect.signature(cls).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def _freeze(config: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Settings as a hashable tuple; a serialized schedule becomes its JSON text."""
    import json

    return tuple(
        (k, json.dumps(v) if isinstance(v, dict) else v) for k, v in sorted(config.items())
    )


def _thaw(fixed: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    import json

    import keras

    def value(key, v):
        serialized = key == "learning_rate" and isinstance(v, str)
        return keras.optimizers.schedules.deserialize(json.loads(v)) if serialized else v

    return {key: value(key, v) for key, v in fixed}
