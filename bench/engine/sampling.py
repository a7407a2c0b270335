"""Drawing problems: single-instance `sample` and `batches` mapped over keys, off the hot program.

Not compiled by XLA: the philox bits are the same either way, and compiling random draws is slow. Problems are drawn one
at a time, so each is bitwise the same however many are asked for.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from bench.engine.keys import keys as key_rows
from bench.lookup.named import NamedTask
from tasks import Task

_KEY = tf.TensorSpec([2], tf.int32)


def sample(task: Task, keys) -> tuple[Any, Any]:
    """Problems of `task`: keys (n, 2) int32 -> (params, data), both with leading axis n; the last ones are kept."""
    return _kept(task, np.ascontiguousarray(keys, "int32").tobytes())


@functools.lru_cache(maxsize=16)
def _kept(task: Task, keys: bytes) -> tuple[Any, Any]:
    return _mapped(task, None)(tf.constant(np.frombuffer(keys, "int32").reshape(-1, 2)))


def draw(subject: NamedTask, seed: int) -> tuple[Any, Any]:
    """The problem that report seed `seed` races on: (params, data) in NumPy arrays."""
    problems = sample(subject.task, key_rows(subject.name, "report", [seed]))
    return tf.nest.map_structure(lambda tensor: tensor.numpy()[0], problems)


def batches(task: Task, keys, steps: int) -> Any:
    """What each step sees: nested tensors, leading axes (n, steps); None: a deterministic task."""
    return _mapped(task, steps)(tf.convert_to_tensor(keys, tf.int32))


@functools.lru_cache(maxsize=64)
def _mapped(task: Task, steps: int | None):
    """A function over keys (n, 2) of `task.sample`, or of `task.batches` when `steps` is given."""
    if task.eager and steps is None:
        return functools.partial(_one_by_one, task)
    draw = task.sample if steps is None else lambda key: task.batches(key, steps)
    one = tf.function(draw, autograph=False).get_concrete_function(_KEY)
    if one.structured_outputs is None:
        return lambda keys: None
    dtypes = [leaf.dtype for leaf in tf.nest.flatten(one.structured_outputs)]

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, 2], tf.int32)])
    def flat(keys):
        return tf.map_fn(lambda key: tf.nest.flatten(one(key)), keys, fn_output_signature=dtypes)

    return lambda keys: tf.nest.pack_sequence_as(one.structured_outputs, flat(keys))


def _one_by_one(task: Task, keys) -> Any:
    """Problems of a task whose `sample` runs Python."""
    return tf.nest.map_structure(lambda *leaves: tf.stack(leaves), *[task.sample(key) for key in keys])
