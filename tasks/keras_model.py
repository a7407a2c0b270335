"""Any Keras model on anybody's arrays, as a task. Importing this imports no Keras; using a task of it does."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tasks.base import Task, TaskError, tf
from tasks.keras_data import Examples, examples
from tasks.keras_metrics import name
from tasks.source import described

SMALL = 20_000
"""Parameters up to which runs of a plain model go side by side."""


@dataclass(frozen=True, init=False, eq=False, repr=False)
class KerasTask(Task):
    """The model that `build()` makes, trained on `data`: a problem is a fresh initialization and order of batches.

    `data`: as in tasks.keras_data. `loss`: a Keras loss, its name, a function (targets, outputs), or None for a model
    that adds its own; the field is called `criterion`. `batch`: examples a step sees. `metric`: a Keras metric, its
    name or a function, or a tuple of them: recorded at the end of every run. `validation`: what is scored, a share of
    the data (its end, as in `model.fit`) or other data; None: all that is trained on. Raises TaskError.
    """

    build: Callable[[], Any]
    data: Any
    criterion: Any
    batch: int
    metric: Any
    validation: Any

    tags: ClassVar = ("keras", "nonconvex", "stochastic")
    cost: ClassVar = "heavy"
    tile: ClassVar = (8, 8)
    eager: ClassVar = True

    def __init__(
        self,
        build: Callable[[], Any],
        data: Any,
        loss: Any = None,
        batch: int = 32,
        metric: Any = None,
        validation: Any = None,
        *,
        criterion: Any = None,
    ) -> None:
        if not callable(build) or (hasattr(build, "layers") and not isinstance(build, type)):
            raise TaskError(f"build is {build!r}; give a function without arguments that makes an uncompiled model")
        held = examples(data)
        if isinstance(batch, bool) or not isinstance(batch, int) or not 1 <= batch <= len(held):
            raise TaskError(f"batch is {batch!r}; give a whole number from 1 to {len(held)}, the examples there are")
        metric = tuple(metric) if isinstance(metric, list) else metric
        settings = (build, held, criterion if loss is None else loss, batch, metric, _validation(validation))
        for field, value in zip(("build", "data", "criterion", "batch", "metric", "validation"), settings, strict=True):
            object.__setattr__(self, field, value)
        if len(self.parts[0]) < batch:
            raise TaskError(f"batch is {batch}, and {len(self.parts[0])} examples are left to train on; take fewer")

    def __repr__(self) -> str:
        shown = {
            "build": described(self.build),
            "data": repr(self.data),
            "loss": described(self.criterion),
            "batch": self.batch,
            "metric": described(self.metric),
            "validation": self.validation,
        }
        return f"KerasTask({', '.join(f'{key}={value}' for key, value in shown.items())})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KerasTask) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    @property
    def parts(self) -> tuple[Examples, Examples]:
        """Examples to train on, and to score."""
        if self.validation is None:
            return self.data, self.data
        if isinstance(self.validation, Examples):
            return self.data, self.validation
        kept = len(self.data) - math.ceil(self.validation * len(self.data))
        return self.data.rows(slice(None, kept)), self.data.rows(slice(kept, None))

    @property
    def network(self) -> Any:
        """The model as pure functions (tasks.keras_network.Network); imports Keras."""
        return _network(self)

    @property
    def alone(self) -> bool:
        return not self.network.plain or self.network.parameters > SMALL

    @property
    def compiled(self) -> bool:
        return self.network.plain

    @property
    def recorded_steps(self) -> int:
        """40 where 16 batches are scored or fewer, down to 10 where it is 64."""
        return max(10, min(40, 640 * self.batch // len(self.parts[1])))

    @property
    def measures(self) -> tuple[str, ...]:
        given = self.metric if isinstance(self.metric, tuple) else (self.metric,)
        return tuple(name(one) for one in given if one is not None)

    def needs(self):
        return self.network.needs(self.batch, self.recorded_steps)

    def sample(self, key):
        names = [*self.network.trained], [*self.network.state]
        if tf.executing_eagerly():
            values = [tf.constant(value) for value in self.network.drawn(np.asarray(key))]
        else:
            values = self._drawn_in_a_graph(key)
        params = dict(zip(names[0], values, strict=False))
        state = dict(zip(names[1], values[len(params) :], strict=True))
        return params, {"state": state} if state else ()

    def _drawn_in_a_graph(self, key):
        mine = [*self.network.trained.values(), *self.network.state.values()]
        values = tf.numpy_function(self.network.drawn, [key], [v.dtype for v in mine], stateful=False)
        for value, variable in zip(values, mine, strict=True):
            value.set_shape(variable.shape)
        return values

    def batches(self, key, steps: int):
        """Rows (steps, batch), every epoch in an order of its own, and keys (steps, 2) of what layers draw."""
        size = len(self.parts[0])
        epochs = -(-steps * self.batch // size)
        order = tf.argsort(tf.random.stateless_uniform([epochs, size], key, alg="philox"), axis=-1, stable=True)
        rows = tf.reshape(tf.reshape(order, [-1])[: steps * self.batch], [steps, self.batch])
        drawn = tf.random.stateless_uniform([steps, 2], key + 1, None, None, tf.int32, alg="philox")
        return {"key": drawn, "rows": rows}

    def start_state(self, params, data):
        return data["state"] if data else ()

    def train_loss(self, params, state, data, batch):
        return self.network.train_loss(params, state, batch)

    def constrain(self, params):
        return self.network.constrained(params)

    def score(self, params, state, data):
        return self.network.score(params, state)

    def measure(self, params, state, data):
        return self.network.measure(params, state)

    def loss(self, params, data, batch):
        """Of one batch from the state that a run starts with."""
        if batch is None:
            return self.evaluate(params, data)
        return self.train_loss(params, self.start_state(params, data), data, batch)[0]

    def evaluate(self, params, data):
        """The score in the state that a run starts with."""
        return self.score(params, self.start_state(params, data), data)


def _validation(given: Any) -> Any:
    if given is None:
        return None
    if isinstance(given, (int, float)):
        if isinstance(given, bool) or not 0 < given < 1:
            raise TaskError(f"validation is {given!r}; give a share between 0 and 1, or data of the same form")
        return float(given)
    return examples(given)


@functools.lru_cache(maxsize=8)
def _network(task: KerasTask) -> Any:
    from tasks.keras_network import Network

    with tf.init_scope():  # it may first be asked for while a graph is traced
        return Network(task.build, task.criterion, task.metric, *task.parts)
