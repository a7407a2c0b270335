"""What a run of a Keras model takes, by taking a few steps of it: seconds and bytes."""

from __future__ import annotations

import math
import time
from typing import Any

from tasks.base import tf

STEPS, LENGTH = 3, 200
"""Steps that are timed, and steps of the run that its scores are spread over."""
BASE = 2**30
"""Bytes of a process with TensorFlow, Keras and traced graphs, about, before it holds any examples."""
COPIES = 8
"""Of all parameters while a run goes: starts kept, values, gradients, updates, an optimizer's slots and next ones."""


def measured(network: Any, batch: int, width: int, points: int) -> tuple[float, float, int]:
    """(seconds of tracing, seconds of a step with its share of scoring, bytes of a process).

    `batch` rows a step, `width` rows scored at a time, at `points` of a run; without the optimizer's own arithmetic.
    """
    params = {name: tf.convert_to_tensor(v.value) for name, v in network.trained.items()}
    state = {name: tf.convert_to_tensor(v.value) for name, v in network.state.items()}

    @tf.function(autograph=False)
    def step(rows):
        with tf.GradientTape() as tape:
            tape.watch(params)
            loss = network.train_loss(params, state, {"rows": rows, "key": tf.zeros([2], tf.int32)})[0]
        return loss, tape.gradient(loss, params)

    @tf.function(autograph=False)
    def score():
        return network.score(params, state)

    rows = tf.range(batch)
    first = _seconds(lambda: step(rows)) + _seconds(score)
    each = min(_seconds(lambda: step(rows)) for _ in range(STEPS))
    return first, each + _seconds(score) * points / LENGTH, BASE + _bytes(network, params, max(3 * batch, width))


def _seconds(f: Any) -> float:
    began = time.perf_counter()
    tf.nest.map_structure(lambda t: t if t is None else tf.convert_to_tensor(t).numpy(), f())
    return time.perf_counter() - began


def _bytes(network: Any, params: dict, rows: int) -> int:
    """Of examples, twice while arrays and tensors are both held, of parameters, and of signals of so many rows."""
    held = [t for part in {id(p): p for p in (network.train, network.scored)}.values() for t in tf.nest.flatten(part)]
    examples = 2 * sum(t.nbytes for t in map(_array, held) if t is not None)
    signals = sum(_size(layer) for layer in network.model._flatten_layers(include_self=False))
    return examples + COPIES * 4 * sum(math.prod(p.shape) for p in params.values()) + 4 * rows * signals


def _array(tensor: Any) -> Any:
    return None if tensor is None else memoryview(tensor.numpy())


def _size(layer: Any) -> int:
    """Numbers that a layer gives for one row, as far as its shapes tell."""
    try:
        shapes = [tuple(t.shape)[1:] for t in tf.nest.flatten(layer.output)]
    except (AttributeError, ValueError):
        return 0
    return sum(math.prod(n or 1 for n in shape) for shape in shapes)
