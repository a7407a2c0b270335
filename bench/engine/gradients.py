"""A gradient evaluation of one run: what a step is made of, and what some updates ask for elsewhere."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tasks import Task


def evaluated(task: Task, params, held, data, batch) -> tuple[Any, Any, Any]:
    """(loss, its gradient, the task's next state) of one step's `batch` at `params`."""
    with tf.GradientTape() as tape:
        tape.watch(params)
        loss, after = task.train_loss(params, held, data, batch)
    return loss, dense(tape.gradient(loss, params, unconnected_gradients=tf.UnconnectedGradients.ZERO)), after


def dense(gradients):
    """Gradients as tensors: what an embedding's rows were handed is summed, each row once."""
    return tf.nest.map_structure(lambda g: g if g is None else tf.convert_to_tensor(g), gradients)
