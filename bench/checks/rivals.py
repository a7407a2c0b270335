"""What the checks of an optimizer look at: the entry at its defaults on a few problems of the bowl."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from bench import contracts
from bench.checks import graphs
from bench.checks.bowl import Bowl
from bench.checks.nests import first
from bench.checks.problems import value_and_gradient
from bench.keys import keys
from bench.names import NamedTask
from bench.sampling import sample
from optimizers import Entry, Optimizer

SUBJECT = NamedTask("check-bowl", Bowl())
SEEDS = 3
STEPS = 4


class Rival:
    """An entry, its optimizer at the defaults, and traced single-problem functions."""

    def __init__(self, entry: Entry):
        self.entry = entry

    @cached_property
    def theta(self) -> dict[str, Any]:
        """Defaults, numbers and weights as float32 tensors, switches as they are."""
        return tensors(self.entry.defaults)

    @cached_property
    def optimizer(self) -> Optimizer:
        return contracts.built(self.entry, self.theta)

    @cached_property
    def problems(self) -> tuple[Any, Any]:
        return sample(SUBJECT.task, keys(SUBJECT.name, "report", range(SEEDS)))

    def params(self, row: int = 0) -> Any:
        return first(self.problems[0], row)

    def gradients(self, params: Any, row: int = 0) -> Any:
        return value_and_gradient(SUBJECT.task)(params, first(self.problems[1], row), None)[1]

    @cached_property
    def init(self) -> Any:
        """Traced params -> state."""
        return graphs.trace(self.optimizer.init, specifications(self.params()))

    @cached_property
    def update(self) -> Any:
        """Traced (gradients, state, params, step) -> (updates, state)."""
        params = specifications(self.params())
        state = tf.nest.map_structure(tf.type_spec_from_value, self.init.structured_outputs)
        return graphs.trace(self.optimizer.update, params, state, params, tf.TensorSpec([], tf.int32))

    def walk(self, optimizer: Optimizer, row: int, steps: int = STEPS) -> list[Any]:
        """Parameters after each of `steps` eager steps from problem `row`'s start."""
        params, path = self.params(row), []
        state = optimizer.init(params)
        for step in range(steps):
            gradients = self.gradients(params, row)
            updates, state = optimizer.update(gradients, state, params, tf.constant(step))
            params = tf.nest.map_structure(tf.add, params, updates)
            path.append(params)
        return path


def tensors(theta: Mapping[str, Any]) -> dict[str, Any]:
    """θ as the engine hands it to `build`: floats and arrays as float32 tensors, the rest is structure."""
    return {
        name: value
        if value is None or isinstance(value, (bool, int, str))
        else tf.constant(np.asarray(value, "float32"))
        for name, value in theta.items()
    }


def specifications(nest: Any) -> Any:
    return tf.nest.map_structure(tf.type_spec_from_value, nest)
