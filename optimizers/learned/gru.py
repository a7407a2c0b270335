"""A component-wise gated recurrent unit: every scalar parameter carries its own state and sees its own gradient.

h' = z ∘ h + (1 − z) ∘ c,   Δx = output_scale · (w · h' + b)                      (the update reads h')
z = σ(W_z u + b_z + U_z h),   r = σ(W_r u + b_r + U_r h),   c = tanh(W_c u + b_c + r ∘ (U_c h + d))
u = input_scale · g or asinh(input_scale · g), the gradient of that one parameter.

This is the "reset-after" form (Keras's `GRUCell(reset_after=True)`): one product h U for all three gates.
Source: Maheswaranathan et al., Reverse engineering learned optimizers, 2021; the cell: Cho et al., 2014.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizers.base import Optimizer, OptimizerError

INPUTS = ("raw", "asinh")


@dataclass(frozen=True)
class Gru:
    """The architecture; with weights θ it becomes an optimizer. Two numbers set the scale of a problem.

    `input_scale` multiplies gradients (1 / gradient); `output_scale` multiplies the read-out, whose first
    updates are of that size once trained (parameter). θ, U drawn orthogonal, W ~ N(0, 1), the rest constant:
    input_kernel (3 units,), bias (3 units,), recurrent_kernel (units, 3 units), recurrent_bias (units,),
    initial_state (units,), readout (units,), readout_bias (). Gates in the order z, r, c.
    """

    units: int = 32
    input: str = "asinh"
    input_scale: float = 1.0
    output_scale: float = 0.05

    def __post_init__(self):
        if not isinstance(self.units, int) or isinstance(self.units, bool) or self.units < 1:
            raise OptimizerError(f"gru: units={self.units!r} must be a whole number, 1 or more")
        if self.input not in INPUTS:
            raise OptimizerError(f"gru: input={self.input!r} is none of {', '.join(INPUTS)}")
        for name in ("input_scale", "output_scale"):
            scale = getattr(self, name)
            if not isinstance(scale, int | float) or not 0 < scale < math.inf:
                raise OptimizerError(f"gru: {name}={scale!r} must be a positive number")

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Untrained θ, float32: an optimizer that does not move, its gates half open to the past (z bias + 1)."""
        draw = np.random.Generator(np.random.Philox(key=seed))
        n = self.units
        theta = {
            "input_kernel": draw.standard_normal(3 * n),
            "bias": np.repeat([1.0, 0.0, 0.0], n),
            "recurrent_kernel": np.concatenate([_orthogonal(draw, n) for _ in range(3)], axis=1),
            "recurrent_bias": np.zeros(n),
            "initial_state": np.zeros(n),
            "readout": np.zeros(n),
            "readout_bias": np.zeros(()),
        }
        return {name: array.astype(np.float32) for name, array in theta.items()}

    def build(self, theta: Mapping[str, Any]) -> Optimizer:
        """The optimizer of weights θ (arrays or tensors of one float type, that of params too).

        State: (n_params, units), rows in the order of the flattened params.
        """
        import tensorflow as tf

        theta = {name: tf.convert_to_tensor(array) for name, array in theta.items()}

        def init(params):
            rows = sum(leaf.shape.num_elements() for leaf in tf.nest.flatten(params))
            return tf.broadcast_to(theta["initial_state"], [rows, self.units])

        def update(gradients, state, params, step):
            leaves = tf.nest.flatten(gradients)
            column = tf.concat([tf.reshape(leaf, [-1]) for leaf in leaves], axis=0)
            state = cell(theta, self.encode(column), state)
            updates = tf.split(
                self.read(theta, state), [leaf.shape.num_elements() for leaf in leaves]
            )
            shaped = [tf.reshape(u, leaf.shape) for u, leaf in zip(updates, leaves, strict=True)]
            return tf.nest.pack_sequence_as(gradients, shaped), state

        return Optimizer(init, update)

    def encode(self, gradients):
        """What the cell sees of gradients (rows,): u (rows,)."""
        import tensorflow as tf

        scaled = self.input_scale * gradients
        return tf.asinh(scaled) if self.input == "asinh" else scaled

    def read(self, theta, state):
        """Updates (rows,) from states (rows, units)."""
        import tensorflow as tf

        column = tf.matmul(state, theta["readout"][:, None])[:, 0]
        return self.output_scale * (column + theta["readout_bias"])


def cell(theta: Mapping[str, Any], inputs, state):
    """Next states (rows, units) from encoded gradients (rows,) and states (rows, units).

    Gates come by `tf.split`: the derivative of a slice is a padded copy, which makes meta-gradients a third slower.
    """
    import tensorflow as tf

    from_input = inputs[:, None] * theta["input_kernel"] + theta["bias"]
    from_state = tf.matmul(state, theta["recurrent_kernel"])
    z_input, r_input, c_input = tf.split(from_input, 3, axis=1)
    z_state, r_state, c_state = tf.split(from_state, 3, axis=1)
    z = tf.sigmoid(z_input + z_state)
    r = tf.sigmoid(r_input + r_state)
    candidate = tf.tanh(c_input + r * (c_state + theta["recurrent_bias"]))
    return z * state + (1.0 - z) * candidate


def _orthogonal(draw: np.random.Generator, n: int) -> np.ndarray:
    """Haar-distributed orthogonal (n, n) matrix (Mezzadri, 2007)."""
    q, r = np.linalg.qr(draw.standard_normal((n, n)))
    return q * np.sign(np.diag(r))
