"""What an optimizer object remembers from one step to the next outside its variables: it would be lost, or shared."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any


def memory(optimizer: Any) -> dict[str, Any]:
    """How many variables the optimizer has, and what its own attributes hold, those of Keras's base class apart."""
    own = {name: _held(value) for name, value in vars(optimizer).items() if name not in _of_keras()}
    return {"variables": len(optimizer.variables), **{k: v for k, v in own.items() if not k.startswith("_self_")}}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What a step changed, as the end of a sentence with its remedy."""
    if after["variables"] != before["variables"]:
        yield (
            "makes state at its first step; make it in build(self, variables), with self.add_variable_from_reference "
            "for each variable, and find it by self._get_variable_index(variable)"
        )
    for name, held in after.items():
        if held != before.get(name):
            yield (
                f"keeps memory in its attribute {name!r}; keep it in variables made in build(self, variables) with "
                "self.add_variable or self.add_variable_from_reference, or use self.iterations to count"
            )


@functools.cache
def _of_keras() -> frozenset[str]:
    import keras

    optimizer = keras.optimizers.SGD()
    optimizer.build([keras.Variable([0.0])])
    return frozenset((*vars(optimizer), "_exclude_from_weight_decay_cache"))


def _held(value: Any) -> Any:
    """What can be compared: numbers by value; tensors, arrays and variables by identity; so in lists and dicts."""
    import keras
    import numpy as np
    import tensorflow as tf

    if isinstance(value, Mapping):
        return {key: _held(item) for key, item in value.items() if _held(item) is not None}
    if isinstance(value, (list, tuple)):
        return [_held(item) for item in value]
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, (tf.Tensor, tf.Variable, keras.Variable)):
        return id(value)
    return value if isinstance(value, (bool, int, float, str)) else None
