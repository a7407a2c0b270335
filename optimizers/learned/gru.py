"""The component-wise GRU: every scalar parameter is updated by the same small network from its own gradient.

    u = input(g);  z, r = σ(W u + b + U h);  c = tanh(W u + b + r ∘ (U h + d));  h' = z h + (1 − z) c
    x' = x + output_scale · (w·h' + v)

Maheswaranathan et al., 2021, after Andrychowicz et al., 2016. The reset gate acts after the matrix product, so
that one product serves all gates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizers.base import Optimizer

INPUTS = ("raw", "asinh")


@dataclass(frozen=True)
class Gru:
    """`input` shows the network scale · g ("raw") or asinh(scale · g); a sensible first step is ~ `output_scale`."""

    units: int = 32
    input: str = "asinh"
    input_scale: float = 1.0
    output_scale: float = 0.05

    def __post_init__(self):
        if self.input not in INPUTS:
            raise ValueError(f"input {self.input!r} is none of {', '.join(INPUTS)}")
        if type(self.units) is not int or self.units < 1:
            raise ValueError(f"units must be a whole number of at least 1, not {self.units!r}")
        for name in ("input_scale", "output_scale"):
            scale = getattr(self, name)
            if type(scale) not in (int, float) or not 0 < scale < math.inf:
                raise ValueError(f"{name} must be a positive number, not {scale!r}")

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Untrained θ, float32: U orthogonal per gate, W ~ N(0, 1), keep gates open, readout zero (no-op)."""
        rng = np.random.Generator(np.random.Philox(seed))
        n = self.units
        recurrent = np.concatenate(
            [np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(3)], axis=1
        )
        theta = {
            "kernel": rng.normal(size=3 * n),
            "recurrent": recurrent,
            "bias": np.concatenate([np.ones(n), np.zeros(2 * n)]),
            "recurrent_bias": np.zeros(n),
            "initial_state": np.zeros(n),
            "readout": np.zeros(n),
            "offset": np.zeros(()).reshape(1),
        }
        return {name: value.astype("float32") for name, value in theta.items()}

    def build(self, theta: Mapping[str, Any]) -> Optimizer:
        """State (parameters, units), in the dtype of the parameters."""
        import tensorflow as tf

        def cast(dtype):
            return {name: tf.cast(value, dtype) for name, value in theta.items()}

        def init(params):
            leaves = tf.nest.flatten(params)
            rows = sum(int(np.prod(leaf.shape)) for leaf in leaves)
            return tf.zeros([rows, 1], leaves[0].dtype) + tf.cast(
                theta["initial_state"], leaves[0].dtype
            )

        def update(gradients, state, params, step):
            leaves = tf.nest.flatten(gradients)
            g = tf.concat([tf.reshape(leaf, [-1]) for leaf in leaves], 0)
            weights = cast(g.dtype)
            state = cell(weights, self._shown(g), state)
            moves = self.output_scale * (
                tf.linalg.matvec(state, weights["readout"]) + weights["offset"]
            )
            parts = tf.split(moves, [int(np.prod(leaf.shape)) for leaf in leaves])
            updates = [
                tf.reshape(part, leaf.shape) for part, leaf in zip(parts, leaves, strict=True)
            ]
            return tf.nest.pack_sequence_as(gradients, updates), state

        return Optimizer(init, update)

    def _shown(self, g):
        import tensorflow as tf

        scaled = g * self.input_scale
        return scaled if self.input == "raw" else tf.asinh(scaled)


def cell(weights, shown, state):
    """Next state (n, units) from inputs (n,); gates by split, whose gradient is one concatenation."""
    import tensorflow as tf

    inputs = shown[:, None] * weights["kernel"] + weights["bias"]
    keep_in, reset_in, new_in = tf.split(inputs, 3, axis=1)
    keep_h, reset_h, new_h = tf.split(tf.matmul(state, weights["recurrent"]), 3, axis=1)
    keep = tf.sigmoid(keep_in + keep_h)
    reset = tf.sigmoid(reset_in + reset_h)
    candidate = tf.tanh(new_in + reset * (new_h + weights["recurrent_bias"]))
    return keep * state + (1.0 - keep) * candidate
