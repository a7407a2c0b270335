"""One step of a recurrent cell on every row, in Keras's gate order and with Keras's weights.

`theta`, in the dtype of the rows: kernel (g · n,) for one input or (k, g · n) for k, recurrent (n, g · n), bias (g ·
n,). `x`: (rows, k). States: (rows, n); of the LSTM the pair (h, c). Gates by split, whose gradient is one
concatenation.

Plain TensorFlow rather than Keras's layers, whose weights are float32 variables: see docs/decisions/0011.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np


class RecurrentCell(NamedTuple):
    """`gates`: blocks of n columns. `open`: the block whose bias starts at 1, so that the state is kept."""

    step: Callable[[Mapping[str, Any], Any, Any], Any]
    gates: int
    open: int | None = None
    pair: bool = False
    """Whether the state is (h, c)."""


def project(theta: Mapping[str, Any], x: Any):
    """W x + b: (rows, g · n). One input is an outer product, without a matrix product's overhead."""
    import tensorflow as tf

    kernel = theta["kernel"]
    product = x * kernel if kernel.shape.rank == 1 else tf.matmul(x, kernel)
    return product + theta["bias"]


def gru(theta, x, state):
    """z, r = σ(W x + b + U h);  c = tanh(W x + b + r ∘ (U h + d));  h' = z h + (1 − z) c.

    Cho et al., 2014, with the reset gate after the product, so that one product serves all gates.
    """
    import tensorflow as tf

    keep_in, reset_in, new_in = tf.split(project(theta, x), 3, axis=1)
    keep_h, reset_h, new_h = tf.split(tf.matmul(state, theta["recurrent"]), 3, axis=1)
    keep = tf.sigmoid(keep_in + keep_h)
    reset = tf.sigmoid(reset_in + reset_h)
    candidate = tf.tanh(new_in + reset * (new_h + theta["recurrent_bias"]))
    return keep * state + (1.0 - keep) * candidate


def gru_reset_before(theta, x, state):
    """The GRU as first published and as the paper runs it: c = tanh(W x + b + U (r ∘ h))."""
    import tensorflow as tf

    n = state.shape[1]
    gates, new = tf.split(theta["recurrent"], [2 * n, n], axis=1)
    keep_in, reset_in, new_in = tf.split(project(theta, x), 3, axis=1)
    keep_h, reset_h = tf.split(tf.matmul(state, gates), 2, axis=1)
    keep = tf.sigmoid(keep_in + keep_h)
    reset = tf.sigmoid(reset_in + reset_h)
    candidate = tf.tanh(new_in + tf.matmul(reset * state, new))
    return keep * state + (1.0 - keep) * candidate


def lstm(theta, x, state):
    """i, f, o = σ(·);  c' = f c + i tanh(·);  h' = o tanh(c')  (Hochreiter and Schmidhuber, 1997)."""
    import tensorflow as tf

    h, c = state
    mixed = project(theta, x) + tf.matmul(h, theta["recurrent"])
    write, keep, new, read = tf.split(mixed, 4, axis=1)
    c = tf.sigmoid(keep) * c + tf.sigmoid(write) * tf.tanh(new)
    return tf.sigmoid(read) * tf.tanh(c), c


def vanilla(theta, x, state):
    """h' = tanh(W x + b + U h)  (Elman, 1990)."""
    import tensorflow as tf

    return tf.tanh(project(theta, x) + tf.matmul(state, theta["recurrent"]))


def ugrnn(theta, x, state):
    """z = σ(·);  h' = z h + (1 − z) tanh(·): the update gate alone (Collins et al., 2017)."""
    import tensorflow as tf

    mixed = project(theta, x) + tf.matmul(state, theta["recurrent"])
    keep, new = tf.split(mixed, 2, axis=1)
    keep = tf.sigmoid(keep)
    return keep * state + (1.0 - keep) * tf.tanh(new)


GRU = RecurrentCell(gru, 3, open=0)
GRU_RESET_BEFORE = RecurrentCell(gru_reset_before, 3, open=0)
LSTM = RecurrentCell(lstm, 4, open=1, pair=True)
VANILLA = RecurrentCell(vanilla, 1)
UGRNN = RecurrentCell(ugrnn, 2, open=0)


def orthogonal(rng: np.random.Generator, units: int, gates: int) -> np.ndarray:
    """Recurrent weights (units, gates · units), orthogonal per gate: no direction is lost or blown up."""
    blocks = [np.linalg.qr(rng.normal(size=(units, units)))[0] for _ in range(gates)]
    return np.concatenate(blocks, axis=1)


def opened(cell: RecurrentCell, units: int) -> np.ndarray:
    """Biases (gates · units,): 1 for the gate that keeps the state, 0 elsewhere."""
    return np.repeat([float(gate == cell.open) for gate in range(cell.gates)], units)
