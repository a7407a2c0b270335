"""Recurrent networks and a small transformer on synthetic sequences, unrolled in Python: no loop inside a loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tasks.base import Task, TaskError, tf
from tasks.layout import cross_entropy, dense, fan_in_normal


@dataclass(frozen=True)
class Adding(Task):
    """A recurrent network adds the two marked numbers of a sequence: mean (output − sum)².

    Each step sees a value ~ U(0, 1) and a mark, 1 at one step of either half. `cell`: "tanh" or "gru" (Cho et al.,
    2014), `units` wide, recurrent weights N(0, 1/units). Every gradient sees `batch` new sequences; what is scored is
    128 sequences of the problem's own. The floor, 0, is a bound, not reached.
    """

    cell: str = "tanh"
    units: int = 8
    length: int = 8
    batch: int = 32
    reference: ClassVar[str] = "Hochreiter and Schmidhuber, Long short-term memory, 1997"
    tags: ClassVar[tuple[str, ...]] = ("sequence", "nonconvex", "stochastic")
    tile: ClassVar[tuple[int, int]] = (8, 8)

    @property
    def cost(self):
        return "medium" if self.cell == "tanh" else "heavy"

    def __post_init__(self):
        if self.cell not in ("tanh", "gru"):
            raise TaskError(f"unknown cell {self.cell!r} of a recurrent network; known: tanh, gru")

    def sample(self, key):
        gates = 1 if self.cell == "tanh" else 3
        layers = [fan_in_normal((2 + self.units, self.units), key + 10 * gate)[0] for gate in range(gates)]
        readout = fan_in_normal((self.units, 1), key + 40)[0]
        return {"cell": layers, "readout": readout}, _marked(key + 50, 128, self.length)

    def batches(self, key, steps):
        drawn = _marked(key, steps * self.batch, self.length)
        by_step = tf.reshape(drawn, [self.length, 2, steps, self.batch])
        return tf.transpose(by_step, [2, 0, 1, 3])

    def loss(self, params, data, batch):
        inputs = tf.unstack(data if batch is None else batch)
        state = tf.zeros([self.units, inputs[0].shape[-1]])
        for seen in inputs:
            state = self._step(params["cell"], state, seen)
        output = dense(params["readout"], state)[0]
        total = sum(seen[0] * seen[1] for seen in inputs)
        return tf.reduce_mean(tf.square(output - total))

    def _step(self, layers, state, seen):
        joined = tf.concat([seen, state], axis=0)
        if self.cell == "tanh":
            return tf.tanh(dense(layers[0], joined))
        keep, reset = (tf.sigmoid(dense(layer, joined)) for layer in layers[:2])
        candidate = tf.tanh(dense(layers[2], tf.concat([seen, reset * state], axis=0)))
        return keep * state + (1.0 - keep) * candidate


def _marked(key, points: int, length: int):
    """Sequences (length, 2, points): values ~ U(0, 1), and marks, 1 at one step of either half."""
    values = tf.random.stateless_uniform([length, points], key, alg="philox")
    half = length // 2
    places = tf.random.stateless_uniform([2, points], key + 1, alg="philox")
    first = tf.cast(tf.floor(places[0] * half), tf.int32)
    second = half + tf.cast(tf.floor(places[1] * (length - half)), tf.int32)
    marks = tf.one_hot(first, length, axis=0) + tf.one_hot(second, length, axis=0)
    return tf.stack([values, marks], axis=1)


@dataclass(frozen=True)
class Reversing(Task):
    """A transformer of one block and one head writes a sequence of symbols backwards: mean cross-entropy of symbols.

    Embeddings of symbol and place, attention, a ReLU layer of twice the width, both residual, no normalization. Every
    gradient sees `batch` new sequences of `length` uniform symbols; what is scored is 64 sequences of the problem's
    own. The floor, 0, is a bound, not reached.
    """

    symbols: int = 6
    length: int = 6
    width: int = 8
    batch: int = 16
    reference: ClassVar[str] = "Vaswani et al., Attention is all you need, 2017"
    tags: ClassVar[tuple[str, ...]] = ("sequence", "nonconvex", "stochastic")
    tile: ClassVar[tuple[int, int]] = (8, 8)
    cost: ClassVar[str] = "heavy"

    def sample(self, key):
        wide, names = self.width, ("query", "key", "value")
        params = {n: fan_in_normal((wide, wide), key + 2 * i)[0] for i, n in enumerate(names)}
        params["symbol"] = tf.random.stateless_normal([self.symbols, wide], key + 10, alg="philox")
        params["place"] = tf.random.stateless_normal([self.length, wide], key + 11, alg="philox")
        params["expand"], params["contract"] = fan_in_normal((wide, 2 * wide, wide), key + 12)
        params["readout"] = fan_in_normal((wide, self.symbols), key + 20)[0]
        return params, self._drawn(key + 30, [64])

    def batches(self, key, steps):
        return self._drawn(key, [steps, self.batch])

    def _drawn(self, key, shape):
        return tf.random.stateless_uniform(
            [*shape, self.length], key, maxval=self.symbols, dtype=tf.int32, alg="philox"
        )

    def loss(self, params, data, batch):
        drawn = data if batch is None else batch
        seen = tf.one_hot(drawn, self.symbols)
        tokens = [seen.shape[0], self.length, self.width]
        # features first, tokens of all sequences last: every layer is one product
        flat = tf.transpose(tf.reshape(seen, [-1, self.symbols]))
        places = tf.tile(tf.transpose(params["place"]), [1, tokens[0]])
        signal = tf.matmul(params["symbol"], flat, transpose_a=True) + places
        signal += self._attend(params, signal, tokens)
        expanded = tf.nn.relu(dense(params["expand"], signal))
        signal += dense(params["contract"], expanded)
        wanted = tf.transpose(tf.reshape(tf.reverse(seen, [1]), [-1, self.symbols]))
        return cross_entropy(dense(params["readout"], signal), wanted)

    def _attend(self, params, signal, tokens):
        query, key, value = (
            tf.reshape(tf.transpose(dense(params[name], signal)), tokens) for name in ("query", "key", "value")
        )
        scores = tf.matmul(query, key, transpose_b=True) * self.width**-0.5
        mixed = tf.matmul(tf.nn.softmax(scores), value)
        return tf.transpose(tf.reshape(mixed, [-1, self.width]))
