"""An entry as a `keras.optimizers.Optimizer`: what runs in the engine, in `compile` and `fit`.

Imports Keras; `optimizers.load` imports this file when it is called. Beside public methods it overrides one of Keras's
own hooks, the one that sees all gradients at once; like the shim it therefore asks for a Keras it knows.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from optimizers import registry
from optimizers.base import Entry, Optimizer, OptimizerError
from optimizers.keras_shim import check_version


@keras.saving.register_keras_serializable("optoscope")
class EntryOptimizer(keras.optimizers.Optimizer):
    """Two pure functions and θ as a Keras optimizer; `learning_rate` multiplies every update.

    `architecture` ("gru[units=64]") or `entry`, a registered name, says how θ becomes an optimizer; θ is saved with the
    model, so that loading it takes this file imported and no other. State and arithmetic are float32 whatever the
    variables are. A variable without a gradient is not moved; the rule sees a gradient of zero for it. Under gradient
    accumulation a step is one update. One device: raises OptimizerError in the scope of a distribution strategy.
    """

    def __init__(
        self,
        theta: Mapping[str, Any],
        architecture: str = "",
        entry: str = "",
        learning_rate: Any = 1.0,
        name: str = "entry_optimizer",
        **settings: Any,
    ):
        check_version()
        super().__init__(learning_rate=learning_rate, name=name, **settings)
        values = {key: _decoded(value) for key, value in theta.items()}
        self.architecture, self.entry = architecture, entry
        self._make = lambda: _bound(architecture, entry, values)
        self._told = lambda: {key: _encoded(value) for key, value in values.items()}
        self._make()  # a wrong name is said here, not in the first step

    def build(self, variables):
        """Make the state, which may depend on where the variables stand."""
        if self.built:
            return
        if tf.distribute.has_strategy():
            raise OptimizerError(
                f"{self.name} runs on one device, not under a distribution strategy; build and fit outside its scope"
            )
        super().build(variables)
        with tf.init_scope():
            state = self._make().init(_standing(variables, 0.0))
            leaves = [np.asarray(leaf) for leaf in tf.nest.flatten(state)]
            elsewhere = tf.nest.flatten(self._make().init(_standing(variables, 1.0)))
        if not all(np.array_equal(one, other) for one, other in zip(leaves, elsewhere, strict=True)):
            raise OptimizerError(
                f"{self.name} starts from the model's variables, which are not there yet; give the model an Input, or "
                "call it once before fit"
            )
        self._packed = lambda flat: tf.nest.pack_sequence_as(state, flat)
        self._slots = [self._slot(i, leaf) for i, leaf in enumerate(leaves)]

    def _slot(self, i: int, value: np.ndarray) -> keras.Variable:
        def start(shape, dtype=None):
            return tf.constant(value)

        return self.add_variable(value.shape, start, value.dtype.name, name=f"state_{i}")

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        """Keras's hook after unscaling, clipping and decay; variables without a gradient are not among these."""
        given = {self._get_variable_index(v): g for g, v in zip(grads, trainable_variables, strict=True)}
        params = [_float32(variable) for variable in self._trainable_variables]
        gradients = [_float32(given[i]) if i in given else tf.zeros_like(p) for i, p in enumerate(params)]
        step = tf.cast(self.iterations, tf.int32) // (self.gradient_accumulation_steps or 1)
        state = self._packed([tf.convert_to_tensor(slot) for slot in self._slots])
        updates, state = self._make().update(gradients, state, params, step)
        rate = tf.cast(learning_rate, tf.float32)
        for i in given:
            self.assign_add(self._trainable_variables[i], rate * updates[i])
        for slot, value in zip(self._slots, tf.nest.flatten(state), strict=True):
            self.assign(slot, value)

    def finalize_variable_values(self, var_list):
        """At the end of `fit`: what the rule hands over, where that is not what it trains.

        A further `fit` takes its first gradient there.
        """
        super().finalize_variable_values(var_list)
        rule = self._make()
        if rule.evaluate is None or not self.built:
            return
        params = [_float32(variable) for variable in self._trainable_variables]
        scored = rule.evaluate(params, self._packed([tf.convert_to_tensor(slot) for slot in self._slots]))
        for variable, value in zip(self._trainable_variables, scored, strict=True):
            variable.assign(tf.cast(value, variable.dtype))

    def get_config(self) -> dict[str, Any]:
        """Everything that makes it again, θ included."""
        about = {"theta": self._told(), "architecture": self.architecture, "entry": self.entry}
        return {**super().get_config(), **about}


def as_keras(entry: Entry, theta: Mapping[str, Any], **settings: Any) -> keras.optimizers.Optimizer:
    """A Keras optimizer that does what `entry` does at θ; `settings` are those of every Keras optimizer.

    The Keras class itself where the entry is made of one; there `learning_rate` replaces θ's. Raises OptimizerError for
    an entry that is told more than gradients.
    """
    plain = getattr(entry.build, "plain", None)
    if plain is not None:
        return plain({**theta, **settings})
    if not entry.told_gradients_only:
        raise OptimizerError(f"optimizer {entry.name!r} is told the loss itself, which Keras hands to no optimizer")
    architecture = getattr(entry.build, "architecture", "")
    named = {"architecture": architecture} if architecture else {"entry": entry.name}
    return EntryOptimizer(dict(theta), **named, **settings)


def _bound(architecture: str, entry: str, theta: Mapping[str, Any]) -> Optimizer:
    """The two functions at θ, numbers as tensors."""
    from optimizers import learned

    build = learned.get(architecture).build if architecture else registry.get(entry).build
    numbers = {k: tf.constant(v, tf.float32) for k, v in theta.items() if isinstance(v, (float, np.ndarray))}
    return build({**theta, **numbers})


def _standing(variables: Any, otherwise: float) -> list:
    """Values of variables; those that a function being traced has yet to make are `otherwise` everywhere."""
    made = [bool(tf.convert_to_tensor(getattr(v, "value", v).is_initialized())) for v in variables]
    pairs = zip(variables, made, strict=True)
    return [_float32(v) if there else tf.fill(tuple(v.shape), otherwise) for v, there in pairs]


def _float32(tensor: Any):
    """Dense, in the dtype that optimizers compute in."""
    return tf.cast(tf.convert_to_tensor(tensor), tf.float32)


def _encoded(value: Any) -> Any:
    """An array of θ as JSON: its shape and its bytes in float32."""
    if not isinstance(value, np.ndarray):
        return value
    return {"shape": list(value.shape), "float32": base64.b64encode(value.astype("<f4").tobytes()).decode()}


def _decoded(value: Any) -> Any:
    if isinstance(value, Mapping) and set(value) == {"shape", "float32"}:
        return np.frombuffer(base64.b64decode(value["float32"]), "<f4").reshape(value["shape"])
    return np.asarray(value, "float32") if np.ndim(value) > 0 else value
