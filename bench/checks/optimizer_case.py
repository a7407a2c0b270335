"""What the checks of an optimizer look at: the entry at its defaults on a few problems of the bowl."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

import tasks
from bench.checks.bowl import Bowl
from bench.checks.compare import first
from bench.checks.task_case import value_and_gradient
from bench.engine import asked, contracts, graphs
from bench.engine.keys import keys
from bench.engine.sampling import sample
from bench.errors import UserError
from bench.lookup.named import NamedTask
from optimizers import Entry, Optimizer
from optimizers.base import scored
from optimizers.spaces import is_switch

BOWL = NamedTask("check-bowl", Bowl())
SEEDS = 3
STEPS = 4


class OptimizerCase:
    """An entry, its optimizer at the defaults, and traced single-problem functions."""

    def __init__(self, entry: Entry):
        self.entry = entry

    @cached_property
    def subject(self) -> NamedTask:
        """The bowl, or the first registered task with the tags that the entry needs; raises UserError."""
        needs = set(getattr(self.entry, "needs", ()))
        if needs <= set(BOWL.task.tags):
            return BOWL
        for name in tasks.names():
            if needs <= set(tasks.get(name).tags):
                return NamedTask(name, tasks.get(name))
        raise UserError(f"no registered task has the tags it needs, {', '.join(sorted(needs))}")

    @cached_property
    def theta(self) -> dict[str, Any]:
        """Defaults, numbers and weights as float32 tensors, switches as they are."""
        return tensors(self.entry.defaults)

    def optimizer(self, row: int = 0, theta: Mapping[str, Any] | None = None) -> Optimizer:
        """The optimizer of problem `row`, at the defaults unless θ of tensors is given; raises UserError."""
        data = self.data(row)
        return contracts.built(
            self.entry, self.theta if theta is None else theta, lambda params: self.subject.task.evaluate(params, data)
        )

    @cached_property
    def problems(self) -> tuple[Any, Any]:
        return sample(self.subject.task, keys(self.subject.name, "report", range(SEEDS)))

    def params(self, row: int = 0) -> Any:
        return first(self.problems[0], row)

    def data(self, row: int = 0) -> Any:
        return first(self.problems[1], row)

    def updated(self, optimizer: Optimizer, gradients: Any, state: Any, params: Any, step: Any, row: int = 0) -> Any:
        """What `update` returns on problem `row`, handed what the entry asks for."""
        task, data, asks = self.subject.task, self.data(row), self.entry.asks
        loss = task.loss(params, data, None) if asks is not None else None
        with asked.handed(asks, task, params, (), data, None, loss) as more:
            return optimizer.update(gradients, state, params, step, *more)

    def gradients(self, params: Any, row: int = 0) -> Any:
        return value_and_gradient(self.subject.task)(params, self.data(row), None)[1]

    @cached_property
    def init(self) -> Any:
        """Traced params -> state."""
        return graphs.trace(self.optimizer().init, specifications(self.params()))

    @cached_property
    def update(self) -> Any:
        """Traced (gradients, state, params, step) -> (updates, state)."""
        params = specifications(self.params())
        state = specifications(self.init.structured_outputs)
        step = tf.TensorSpec([], tf.int32)
        optimizer = self.optimizer()
        return graphs.trace(lambda *four: self.updated(optimizer, *four), params, state, params, step)

    def walk(self, row: int, theta: Mapping[str, Any] | None = None) -> list[Any]:
        """What is scored after each of STEPS eager steps from problem `row`'s start."""
        optimizer, params, path = self.optimizer(row, theta), self.params(row), []
        state = optimizer.init(params)
        for step in range(STEPS):
            gradients = self.gradients(params, row)
            updates, state = self.updated(optimizer, gradients, state, params, tf.constant(step), row)
            params = tf.nest.map_structure(tf.add, params, updates)
            path.append(scored(optimizer, params, state))
        return path


def tensors(theta: Mapping[str, Any]) -> dict[str, Any]:
    """θ as the engine hands it to `build`: floats and arrays as float32 tensors, the rest is structure."""
    return {
        name: value if is_switch(value) else tf.constant(np.asarray(value, "float32")) for name, value in theta.items()
    }


def specifications(nest: Any) -> Any:
    return tf.nest.map_structure(tf.type_spec_from_value, nest)
