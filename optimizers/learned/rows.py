"""All parameters as one vector and back: component-wise optimizers treat every scalar as a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def rows(nested: Any):
    """Nested tensors as one vector (rows,), leaf after leaf."""
    import tensorflow as tf

    return tf.concat([tf.reshape(leaf, [-1]) for leaf in tf.nest.flatten(nested)], 0)


def unrows(vector: Any, like: Any):
    """The way back: (rows,) in the structure and shapes of `like`."""
    import tensorflow as tf

    leaves = tf.nest.flatten(like)
    parts = tf.split(vector, [int(np.prod(leaf.shape)) for leaf in leaves])
    shaped = [tf.reshape(part, leaf.shape) for part, leaf in zip(parts, leaves, strict=True)]
    return tf.nest.pack_sequence_as(like, shaped)


def repeated(params: Any, row: Any):
    """State (rows, n) that holds `row` (n,) for every parameter, in the dtype of the parameters."""
    import tensorflow as tf

    leaves = tf.nest.flatten(params)
    count = sum(int(np.prod(leaf.shape)) for leaf in leaves)
    return tf.zeros([count, 1], leaves[0].dtype) + tf.cast(row, leaves[0].dtype)


def cast(theta: Mapping[str, Any], dtype: Any) -> dict[str, Any]:
    """θ in the dtype of the parameters: the probes ask in float64."""
    import tensorflow as tf

    return {name: tf.cast(value, dtype) for name, value in theta.items()}


def float32(theta: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Untrained θ as it is stored."""
    return {name: np.asarray(value, "float32") for name, value in theta.items()}
