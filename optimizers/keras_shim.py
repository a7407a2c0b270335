"""Keras optimizer classes as pure functions on TensorFlow, and the only file that uses Keras's private names.

Keras refuses `stateless_apply` on TensorFlow because its TensorFlow mixin overrides a dozen methods with ones that need
live variables. A subclass puts the backend-neutral methods of `BaseOptimizer` back in front of that mixin, where
`super()` of any optimizer class finds them; no class of Keras's is altered. `keras.ops.cond` within our scope computes
both sides and selects, because `vectorized_map` within XLA cannot branch per problem.
"""

from __future__ import annotations

import functools
from typing import Any

from optimizers.base import OptimizerError
from optimizers.hyper import Deferred

KNOWN = "3.15."
"""The minor version of Keras whose internals this file knows."""


def check_version() -> None:
    """Raises OptimizerError unless this Keras is one whose internals the shim knows, on TensorFlow."""
    import keras

    if not keras.__version__.startswith(KNOWN):
        raise OptimizerError(
            f"Keras {keras.__version__} is installed, but its optimizers are known for {KNOWN}x only; "
            "install 'keras>=3.15,<3.16'"
        )
    if keras.backend.backend() != "tensorflow":
        raise OptimizerError(f"Keras runs on {keras.backend.backend()!r}; set KERAS_BACKEND=tensorflow before starting")


@functools.cache
def functional(cls: type) -> type:
    """`cls` with the method resolution order cls, …, Optimizer, neutral methods, TFOptimizer, …"""
    check_version()
    _select_within_scope()
    return type("Functional" + cls.__name__, (cls, _neutral()), {})


@functools.cache
def _neutral() -> type:
    """A subclass of Keras's TensorFlow mixin with every overridden method set back to the neutral one."""
    from keras.src.backend.tensorflow.optimizer import TFOptimizer
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    overridden = vars(TFOptimizer).keys() & vars(BaseOptimizer).keys()
    methods = {
        name: vars(BaseOptimizer)[name]
        for name in overridden - set(dir(type)) - {"__init__"}
        if callable(vars(TFOptimizer)[name])
    }
    decay = methods["_apply_weight_decay"]
    methods["_apply_weight_decay"] = lambda self, variables: decay(self, [_Handed(its) for its in variables])
    return type("Neutral", (TFOptimizer,), {**methods, "_backend_update_step": _handed_over, "_var_key": _key})


def _handed_over(self, gradients, variables, learning_rate) -> None:
    """Keras's loop over `update_step`; others' code is handed TensorFlow's variables, as in Keras."""
    own = type(self).update_step.__module__.startswith("keras.")
    for gradient, its in zip(gradients, variables, strict=True):
        self.update_step(gradient, its if own else _Handed(its), learning_rate)


def _key(self, variable) -> int:
    return id(variable.of if isinstance(variable, _Handed) else variable)


def apply(optimizer, state, gradients, params) -> tuple[list, list]:
    """One step of a built functional optimizer -> (params, state), lists of tensors in its order.

    Gradients are scaled as if Keras's trainer had scaled the loss; the optimizer takes that back.
    """
    variables = [*optimizer._trainable_variables, *optimizer.variables]
    with _scope()(zip(variables, [*params, *state], strict=True)) as scope:
        scaled = [optimizer.scale_loss(gradient) for gradient in gradients]
        optimizer.apply_gradients(zip(scaled, optimizer._trainable_variables, strict=True))
    values = [scope.state_mapping[id(variable)] for variable in variables]
    return values[: len(params)], values[len(params) :]


def variable(value, path: str):
    """A Keras variable with `path`, and its last part as name; TensorFlow's is called `path:0`, as below a layer."""
    import keras
    import tensorflow as tf

    layer, _, name = path.rpartition("/")
    with tf.name_scope(layer and layer + "/"):
        made = keras.Variable(value, name=name or "parameter")
    made._path = path
    return made


def excluded_names(optimizer) -> tuple[str, ...] | None:
    """Patterns of variables' names that weight decay leaves out; None where variables themselves were given."""
    if getattr(optimizer, "_exclude_from_weight_decay", None):
        return None
    pattern = getattr(optimizer, "_exclude_from_weight_decay_pattern", None)
    if not pattern:
        return ()
    words = pattern.pattern
    return (words,) if set(words) & set("()[]\\") else tuple(sorted(words.split("|")))


def averages(optimizer) -> list[Any]:
    """Variables of the averaged parameters that Keras hands over at the end of `fit`; none unless `use_ema`."""
    return list(getattr(optimizer, "_model_variables_moving_average", ())) if optimizer.use_ema else []


def clock(optimizer) -> tuple[Any, Any]:
    """The variables of step count and learning rate; the latter is a schedule when it is one."""
    return optimizer._iterations, optimizer._learning_rate


class _Late(Deferred):
    """`variable.value`, read when it is used: on TensorFlow it is a live variable, not a snapshot.

    ScheduleFreeAdamW of Keras 3.15 keeps such a value as "old" and then assigns; plain Keras on TensorFlow sees the new
    one there, and so do we.
    """

    def __init__(self, scope, key: int):
        self._scope, self._key = scope, key

    def read(self):
        return self._scope.state_mapping[self._key]


class _Handed(Deferred):
    """A variable `of` Keras as TensorFlow's: its value, name and reference, and what assigns to it."""

    def __init__(self, of):
        self.of = of
        self.name, self.trainable = of._value.name, of.trainable
        self.ref, self._unique_id = of._value.ref, of._value._unique_id

    def read(self):
        import tensorflow as tf

        return tf.convert_to_tensor(self.of)

    value = read_value = read

    def assign(self, value, *_args, **_kwargs):
        self.of.assign(value)
        return self

    def assign_add(self, value, *_args, **_kwargs):
        self.of.assign_add(value)
        return self

    def assign_sub(self, value, *_args, **_kwargs):
        self.of.assign_sub(value)
        return self


@functools.cache
def _scope() -> type:
    import tensorflow as tf
    from keras.src.backend.common.stateless_scope import StatelessScope

    class Scope(StatelessScope):
        """A stateless scope whose values are read late, and written at once."""

        def add_update(self, update):
            variable, value = update
            super().add_update((variable, tf.convert_to_tensor(value)))

        def get_current_value(self, variable):
            key = id(variable)
            return _Late(self, key) if key in self.state_mapping else None

    return Scope


@functools.cache
def _select_within_scope() -> None:
    """Let `keras.ops.cond` select inside our scope; outside, it stays what it is."""
    from keras.src.backend.common.stateless_scope import get_stateless_scope
    from keras.src.backend.tensorflow import core

    branch = core.cond

    @functools.wraps(branch)
    def cond(pred, true_fn, false_fn):
        scope = get_stateless_scope()
        if isinstance(scope, _scope()):
            return _select(scope, pred, true_fn, false_fn)
        return branch(pred, true_fn, false_fn)

    core.cond = cond


def _select(scope, pred, true_fn, false_fn):
    """Both branches from the same state; results and written state by `tf.where`."""
    import tensorflow as tf

    pred = tf.convert_to_tensor(pred)
    known = tf.get_static_value(pred)
    if known is not None:
        return true_fn() if known else false_fn()
    before = dict(scope.state_mapping)
    results, written = [], []
    for branch in (true_fn, false_fn):
        scope.state_mapping = dict(before)
        results.append(branch())
        written.append(scope.state_mapping)
    scope.state_mapping = {
        key: written[0][key] if written[0][key] is written[1][key] else tf.where(pred, written[0][key], written[1][key])
        for key in before
    }
    return tf.nest.map_structure(lambda yes, no: None if yes is None else tf.where(pred, yes, no), *results)
