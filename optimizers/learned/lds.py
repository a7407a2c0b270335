"""The linear dynamical system: what a recurrent optimizer is near a fixed point, learned by itself.

    h' = A h + B g + c;  x' = x + output_scale · (w·h' + b)

A control: it can have momentum, of as many speeds as it has units, and a schedule in its autonomous path, but neither
clips nor adapts. After the linearized networks of Maheswaranathan et al., 2021.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizers.base import Optimizer
from optimizers.learned.rows import cast, float32, repeated, rows, unrows
from optimizers.learned.settings import check_positive, check_whole


@dataclass(frozen=True)
class Lds:
    """`units`: dimension of h, the number of modes."""

    units: int = 8
    input_scale: float = 1.0
    output_scale: float = 1.0

    def __post_init__(self):
        check_whole("units", self.units)
        check_positive("input_scale", self.input_scale)
        check_positive("output_scale", self.output_scale)

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Untrained θ, float32: stable, A = Q diag(0 … 0.95) Qᵀ; B ~ N(0, 1 / units); readout zero (no-op)."""
        rng = np.random.Generator(np.random.Philox(seed))
        n = self.units
        basis = np.linalg.qr(rng.normal(size=(n, n)))[0]
        theta = {
            "recurrent": basis * np.linspace(0.95, 0.0, n) @ basis.T,
            "kernel": rng.normal(size=n) / np.sqrt(n),
            "bias": np.zeros(n),
            "initial_state": np.zeros(n),
            "readout": np.zeros(n),
            "offset": np.zeros(1),
        }
        return float32(theta)

    def build(self, theta: Mapping[str, Any]) -> Optimizer:
        """State h (parameters, units) as rows: h' = h Aᵀ + …, and `recurrent` holds Aᵀ. Dtype of the parameters."""
        import tensorflow as tf

        def init(params):
            return repeated(params, theta["initial_state"])

        def update(gradients, state, params, step):
            g = rows(gradients)
            weights = cast(theta, g.dtype)
            pushed = (self.input_scale * g)[:, None] * weights["kernel"] + weights["bias"]
            state = tf.matmul(state, weights["recurrent"]) + pushed
            moves = tf.linalg.matvec(state, weights["readout"]) + weights["offset"]
            return unrows(self.output_scale * moves, gradients), state

        return Optimizer(init, update)
