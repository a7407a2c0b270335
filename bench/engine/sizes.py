"""How many parameters a task has, and how much an optimizer keeps for each: from shapes, without a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from bench.engine.sampling import draw
from bench.lookup.named import NamedTask
from optimizers import Entry
from optimizers.base import with_horizon


def sizes(entry: Entry, subject: NamedTask, steps: int) -> dict[str, float]:
    """`parameters`, scalars of a problem's, and `state_bytes_per_parameter`, of the state in a run of `steps`.

    Not the second of an entry that is made for each problem: an oracle.
    """
    params, _ = draw(subject, 0)
    count = sum(np.size(leaf) for leaf in tf.nest.flatten(params))
    if entry.informed:
        return {"parameters": float(count)}
    theta = with_horizon(entry.defaults, entry.updates(steps))
    init = tf.function(lambda given: entry.build(theta).init(given), autograph=False)
    traced = init.get_concrete_function(params)
    held = sum(map(_bytes, tf.nest.flatten(traced.structured_outputs)))
    return {"parameters": float(count), "state_bytes_per_parameter": held / max(count, 1)}


def _bytes(leaf: Any) -> int:
    """Of a tensor in the structure of a state; what is no tensor is no state."""
    return int(leaf.shape.num_elements()) * leaf.dtype.size if isinstance(leaf, (tf.Tensor, tf.TensorSpec)) else 0
