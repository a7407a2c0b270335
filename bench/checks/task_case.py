"""What the checks of a task look at: a few problems of it, drawn once, and its traced functions."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import tensorflow as tf

from bench.checks.compare import first
from bench.engine import contracts, graphs
from bench.engine.gradients import dense
from bench.engine.keys import keys
from bench.engine.sampling import batches, sample
from bench.lookup.named import NamedTask
from tasks import Task

SEEDS = 3
STEPS = 5
"""Of the batches that are looked at."""
_KEY = tf.TensorSpec([2], tf.int32)


class TaskCase:
    """Problems 0 … SEEDS − 1 of a task; everything is computed when first asked for."""

    def __init__(self, subject: NamedTask):
        self.name, self.task = subject

    @property
    def subject(self) -> NamedTask:
        return NamedTask(self.name, self.task)

    @cached_property
    def keys(self):
        return keys(self.name, "report", range(SEEDS))

    @cached_property
    def drawn(self) -> tuple[Any, Any]:
        """(params, data) with leading axis SEEDS."""
        return sample(self.task, self.keys)

    @cached_property
    def seen(self) -> Any:
        """Batches, leading axes (SEEDS, STEPS), or None."""
        return batches(self.task, keys(self.name, "batches-report", range(SEEDS)), STEPS)

    def one(self, row: int) -> tuple[Any, Any, Any]:
        """(params, data, batch of the first step) of problem `row`."""
        batch = None if self.seen is None else first(first(self.seen, row))
        return (*first(self.drawn, row), batch)

    @cached_property
    def specifications(self) -> tuple[Any, Any, Any]:
        return (*contracts.sampled(self.task), contracts.a_batch(self.task))

    @cached_property
    def sampling(self) -> list[Any]:
        """Traced `sample` and, where there are any, `batches`."""
        traced = [graphs.trace(self.task.sample, _KEY)]
        if self.seen is not None:
            traced.append(graphs.trace(lambda key: self.task.batches(key, STEPS), _KEY))
        return traced

    @cached_property
    def loss(self) -> Any:
        return graphs.trace(self.task.loss, *self.specifications)

    @cached_property
    def evaluate(self) -> Any:
        """Traced `evaluate`, or None for a task that is scored on its loss."""
        if self.seen is None and type(self.task).evaluate is Task.evaluate:
            return None
        return graphs.trace(self.task.evaluate, *self.specifications[:2])

    @cached_property
    def value_and_gradient(self) -> Any:
        """Traced (params, data, batch) -> (loss, gradients; None where the loss does not depend)."""
        return graphs.trace(value_and_gradient(self.task), *self.specifications)


def value_and_gradient(task: Task) -> Any:
    """The function (params, data, batch) -> (loss, gradients)."""

    def f(params, data, batch):
        with tf.GradientTape() as tape:
            tape.watch(params)
            loss = task.loss(params, data, batch)
        return loss, dense(tape.gradient(loss, params))

    return f
