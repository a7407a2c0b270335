"""A Keras model, its loss and its examples as pure functions of parameters and state.

`keras.StatelessScope` gives the model's variables other values; nothing is ever assigned.
"""

from __future__ import annotations

import functools
import inspect
import math
import zlib
from typing import Any

import numpy as np

from tasks.base import TaskError, tf
from tasks.keras_build import built, draws_by_tensorflow, is_seed, names
from tasks.keras_data import Examples
from tasks.keras_metrics import KerasMeasure
from tasks.keras_needs import measured

CHUNK = 1024
"""Examples scored at a time: what bounds the memory of a score."""
_PLAIN = ("InputLayer", "Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "Flatten", "Reshape", "Rescaling")
"""Layers whose models are vectorized over runs."""


class Network:
    """What `build`, `loss` and `metric` are on examples to train on and examples to score."""

    def __init__(self, build: Any, loss: Any, metric: Any, train: Examples, scored: Examples):
        import keras

        self._build, self._policy = build, keras.config.dtype_policy()
        self.train, self.scored = _held(train), _held(scored)
        self.sizes = len(train), len(scored)
        self._one = _rows(self.train, tf.range(1))
        made = build, self._one[0], self._policy
        self.model = built(*made, 0, 0)
        self._tensorflow_too = draws_by_tensorflow(self.model, *made)
        self.trained = dict(zip(names(self.model.trainable_variables), self.model.trainable_variables, strict=True))
        rest = self.model.non_trainable_variables
        self._seeds = [v for v in rest if is_seed(v)]
        state = [v for v in rest if not is_seed(v)]
        self.state = dict(zip(names(state), state, strict=True))
        self._phase = "training" in inspect.signature(self.model.call).parameters
        self._judge, self._sums = self._judged(loss)
        self._metrics = self._measured(metric)
        self._needs: tuple[float, float, int] | None = None

    @property
    def parameters(self) -> int:
        return sum(math.prod(v.shape) for v in self.trained.values())

    @property
    def plain(self) -> bool:
        """Whether the engine's map over runs, and XLA, know all that the model does and gain by it."""
        layers = [type(layer).__name__ for layer in self.model._flatten_layers(include_self=False)]
        free = all(v.constraint is None for v in self.trained.values())
        simple = free and not self.state and not self._seeds and all(name in _PLAIN for name in layers)
        return simple and type(self.model).__module__.startswith("keras.")

    def needs(self, batch: int, points: int) -> tuple[float, float, int]:
        """Seconds and bytes of a run (tasks.keras_needs), measured once."""
        if self._needs is None:
            with tf.init_scope():
                width = self.sizes[1] if self._sums else min(CHUNK, self.sizes[1])
                self._needs = measured(self, batch, width, points)
        return self._needs

    def drawn(self, key: np.ndarray) -> list[np.ndarray]:
        """Values of a fresh model, parameters then state, by the paths in order."""
        seed = zlib.crc32(np.ascontiguousarray(key, "int32").tobytes())
        fresh = built(self._build, self._one[0], self._policy, seed, seed if self._tensorflow_too else None)
        state = [v for v in fresh.non_trainable_variables if not is_seed(v)]
        variables = [*fresh.trainable_variables, *state]
        mine = [*self.trained.values(), *self.state.values()]
        if [tuple(v.shape) for v in variables] != [tuple(v.shape) for v in mine]:
            raise TaskError("build() makes models of other shapes at other seeds; fix its shapes")
        return [v.numpy() for v in variables]

    def train_loss(self, params: Any, state: Any, batch: Any) -> tuple[Any, Any]:
        """(loss, next state) on the rows of a batch, layers' random numbers drawn by its key."""
        x, y, weights = _rows(self.train, batch["rows"])
        outputs, losses, state = self._call(params, state, batch["key"], x, training=True)
        return self._total(outputs, losses, y, weights), state

    def constrained(self, params: Any) -> Any:
        """Parameters as the constraints of their layers leave them, which Keras applies after every update."""
        limits = {name: v.constraint for name, v in self.trained.items()}
        return {name: value if limits[name] is None else limits[name](value) for name, value in params.items()}

    def score(self, params: Any, state: Any) -> Any:
        """The loss on all that is scored, in inference mode."""
        total, _ = self._over(params, state, ())
        return total

    def measure(self, params: Any, state: Any) -> tuple[Any, ...]:
        """The metrics on all that is scored."""
        _, held = self._over(params, state, tuple(metric.start() for metric in self._metrics))
        return tuple(metric.result(mine) for metric, mine in zip(self._metrics, held, strict=True))

    def _over(self, params, state, held):
        """(loss, metrics' states) over the scored examples, chunk by chunk."""
        size = self.sizes[1]
        width = size if self._sums else CHUNK
        total, full = tf.zeros([]), size // width

        def chunk(rows, count, total, held):
            x, y, weights = _rows(self.scored, rows)
            outputs, losses, _ = self._call(params, state, tf.zeros([2], tf.int32), x, training=False)
            loss = self._total(outputs, losses, y, weights)
            ahead = tuple(m.update(h, y, outputs, weights) for m, h in zip(self._metrics, held, strict=False))
            return total + loss * (count / size), ahead

        if full == 1:
            total, held = chunk(None if size == width else tf.range(width), width, total, held)
        elif full:
            _, total, held = tf.while_loop(
                lambda i, *_: i < full,
                lambda i, total, held: (i + 1, *chunk(i * width + tf.range(width), width, total, held)),
                (tf.constant(0), total, held),
            )
        if rest := size - full * width:
            total, held = chunk(tf.range(size - rest, size), rest, total, held)
        return total, held

    def _call(self, params, state, key, x, training: bool):
        """(outputs, additional losses, next state) of the model with these values."""
        import keras

        mapping = [(self.trained[name], value) for name, value in params.items()]
        mapping += [(self.state[name], value) for name, value in (state or {}).items()]
        for i, seed in enumerate(self._seeds):
            mapping.append((seed, tf.cast(key + tf.constant([i, 0]), seed.dtype)))
        with keras.StatelessScope(state_mapping=mapping, collect_losses=True) as scope:
            outputs = self.model(x, training=training) if self._phase else self.model(x)
            losses = list(self.model.losses)
        ahead = {name: scope.get_current_value(self.state[name]) for name in state} if state else state
        return outputs, losses, ahead

    def _total(self, outputs, losses, y, weights):
        import keras

        parts = [tf.reduce_sum(tf.cast(loss, tf.float32)) for loss in losses]
        if self._judge is not None:
            own = [(v, tf.zeros(v.shape, v.dtype)) for m in self._judge.metrics for v in m.variables]
            with keras.StatelessScope(state_mapping=own):
                parts.append(self._judge.compute_loss(y=y, y_pred=outputs, sample_weight=weights))
        if not parts:
            raise TaskError("no loss is given and the model adds none; give loss=…")
        return tf.cast(tf.add_n(parts), tf.float32)

    def _judged(self, loss):
        """(a model that only has a loss, as `compile` would make it; whether that sums over examples)."""
        import keras

        if loss is None:
            return None, True
        judge = keras.Model()
        if outputs := getattr(self.model, "output_names", None):
            judge.output_names = outputs
        judge.compile(loss=loss)
        x, y, weights = self._one
        if y is None:
            raise TaskError("data has no targets for the loss; give (x, y), or loss=None to a model that adds its own")
        judge.compute_loss(y=y, y_pred=self._outputs(x), sample_weight=weights)
        each = tf.nest.flatten(loss)
        return judge, any(getattr(one, "reduction", "mean") in ("sum", None, "none") for one in each)

    def _measured(self, metric) -> list[KerasMeasure]:
        if metric is None:
            return []
        x, y, _ = self._one
        given = metric if isinstance(metric, tuple) else (metric,)
        return [KerasMeasure(one, y, self._outputs(x)) for one in given]

    def _outputs(self, x):
        return self.model(x, training=False) if self._phase else self.model(x)


def _held(examples: Examples) -> tuple[Any, Any, Any]:
    """The examples as tensors outside any graph: graphs refer to them, none holds a copy."""
    with tf.init_scope():
        inputs, targets, weights = (
            tf.nest.map_structure(_tensor, part) for part in (examples.inputs, examples.targets, examples.weights)
        )
        return inputs, targets, weights


def _tensor(array):
    return None if array is None else tf.constant(array)


def _rows(examples, rows):
    """Some of the examples, or all of them: (inputs, targets, weights)."""
    if rows is None:
        return examples
    take = functools.partial(_take, rows=rows)
    return tuple(tf.nest.map_structure(take, part) for part in examples)


def _take(tensor, rows):
    return None if tensor is None else tf.gather(tensor, rows)
