"""What an update that asks is handed beyond gradients, and the count of what it takes: no more than it declared.

Counting happens while the update is traced, which is why evaluations stand in no loop or branch of TensorFlow's: one
call there would be many evaluations, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from bench.engine.gradients import evaluated
from bench.errors import UserError
from optimizers.base import Asks, Seen
from tasks import Task


@contextmanager
def handed(asks: Asks | None, task: Task, params, held, data, batch, loss) -> Iterator[tuple[Seen, ...]]:
    """Arguments of an update beyond its four: none, or what it `asks` for, on the batch whose `loss` is given.

    Evaluations happen where an update would bring the run, within the task's constraints, and move no state of the
    task. Raises UserError for more of them than declared, and for any once the update is over.
    """
    if asks is None:
        yield ()
        return
    meter = _Meter(asks, params)

    def loss_at(there: Any) -> Any:
        there = task.constrain(meter.taken("losses", there))
        return _opaque(task.train_loss(there, held, data, batch)[0])

    def gradient_at(there: Any) -> tuple[Any, Any]:
        there = task.constrain(meter.taken("gradients", there))
        value, gradients, _ = evaluated(task, there, held, data, batch)
        return _opaque(value), tf.nest.map_structure(_opaque, gradients)

    try:
        yield (Seen(_opaque(loss), loss_at, gradient_at, tf.constant(task.floor, tf.float32) if asks.floor else None),)
    finally:
        meter.over = True


class _Meter:
    """Counts evaluations of one update, and knows where it is traced."""

    def __init__(self, asks: Asks, params: Any):
        self.left = {"losses": asks.losses, "gradients": asks.gradients}
        self.over = False
        self._asks, self._like, self._place = asks, params, _place()

    def taken(self, what: str, params: Any) -> Any:
        """Parameters to evaluate at, as tensors; raises UserError where that is not to be."""
        call = {"losses": "loss_at", "gradients": "gradient_at"}[what]
        if self.over:
            raise UserError(f"{call} is called when its update is over; call it in update, at every step anew")
        if _place() != self._place:
            raise UserError(
                f"{call} is called within a loop, a branch or a function of TensorFlow's, where calls cannot be "
                "counted; call it straight in update, for several points in a loop of Python's"
            )
        if self.left[what] == 0:
            most = getattr(self._asks, what)
            raise UserError(
                f"an update calls {call} more often than its entry declares, {most} times; "
                f"raise it, asks=Asks({what}={most + 1}), which is paid from the budget, or call it less often"
            )
        self.left[what] -= 1
        return _alike(call, params, self._like)


def _place() -> tuple[Any, ...]:
    """What tells straight code from the inside of loops, branches, functions and vectorized maps."""
    scopes = tf.get_current_name_scope().split("/")
    inside = sum(scope.startswith("loop_body") for scope in scopes)
    return tf.executing_eagerly(), tf.compat.v1.get_default_graph(), inside


def _alike(call: str, params: Any, model: Any) -> Any:
    """`params` as tensors; raises UserError unless they look like the parameters of the run."""
    try:
        made = tf.nest.map_structure(lambda p, like: tf.convert_to_tensor(p, like.dtype), params, model)
    except (TypeError, ValueError) as problem:
        raise UserError(f"{call} takes parameters nested like params: {' '.join(str(problem).split())[:120]}") from None
    for one, like in zip(tf.nest.flatten(made), tf.nest.flatten(model), strict=True):
        if one.shape != like.shape:
            raise UserError(f"{call} is given shape {one.shape} where params have {like.shape}; one point at a time")
    return made


@tf.custom_gradient
def _opaque(value: Any) -> tuple[Any, Callable]:
    """`value`, through which no gradient can be had for the price of a loss."""

    def refuse(*upstream: Any) -> Any:
        raise UserError(
            "what an update is handed cannot be differentiated; have the gradient elsewhere from gradient_at, "
            "asks=Asks(gradients=1)"
        )

    return tf.identity(value), refuse
