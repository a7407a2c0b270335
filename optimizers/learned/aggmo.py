"""Aggregated momentum with learned rates and decays (Lucas et al., 2018), real or complex.

    m_j ← β_j m_j − α_j g;  x' = x + output_scale · Re Σ_j m_j

The form to which the paper reduces a network's momentum (Maheswaranathan et al., 2021, after their own code): a complex
β_j = ρ_j exp(i φ_j) stands for a conjugate pair of modes, which oscillate. |β_j| < 1 whatever θ is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizers.base import Optimizer
from optimizers.learned.rows import cast, float32, repeated, rows, unrows
from optimizers.learned.settings import check_option, check_positive, check_whole


@dataclass(frozen=True)
class Aggmo:
    """`modes`: how many velocities. `decays`: real, or complex for velocities that oscillate."""

    modes: int = 4
    decays: str = "real"
    output_scale: float = 1.0

    def __post_init__(self):
        check_whole("modes", self.modes)
        check_option("decays", self.decays, ("real", "complex"))
        check_positive("output_scale", self.output_scale)

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Untrained θ, float32: 1 − |β| about 0.5 … 0.05, angles in (0, 0.3), rates and velocities zero (no-op)."""
        rng = np.random.Generator(np.random.Philox(seed))
        n = self.modes
        rest = np.geomspace(0.5, 0.05, n)
        theta = {
            "logits": np.log(1 / rest - 1) + 0.1 * rng.normal(size=n),
            "rates": np.zeros(n),
            "initial_state": np.zeros(n),
        }
        if self.decays == "complex":
            zeros = {"rates_imaginary": np.zeros(n), "initial_imaginary": np.zeros(n)}
            theta = {**theta, "angles": rng.uniform(0.0, 0.3, n), **zeros}
        return float32(theta)

    def build(self, theta: Mapping[str, Any]) -> Optimizer:
        """State (parameters, modes), or its real and imaginary part, in the dtype of the parameters."""
        return self._complex(theta) if self.decays == "complex" else self._real(theta)

    def _real(self, theta):
        import tensorflow as tf

        def update(gradients, state, params, step):
            g = rows(gradients)
            weights = cast(theta, g.dtype)
            state = tf.sigmoid(weights["logits"]) * state - weights["rates"] * g[:, None]
            return unrows(self.output_scale * tf.reduce_sum(state, 1), gradients), state

        return Optimizer(lambda params: repeated(params, theta["initial_state"]), update)

    def _complex(self, theta):
        import tensorflow as tf

        def init(params):
            return tuple(repeated(params, theta[k]) for k in ("initial_state", "initial_imaginary"))

        def update(gradients, state, params, step):
            g = rows(gradients)
            weights = cast(theta, g.dtype)
            size, (real, imaginary) = tf.sigmoid(weights["logits"]), state
            cos, sin = size * tf.cos(weights["angles"]), size * tf.sin(weights["angles"])
            state = (
                cos * real - sin * imaginary - weights["rates"] * g[:, None],
                sin * real + cos * imaginary - weights["rates_imaginary"] * g[:, None],
            )
            return unrows(self.output_scale * tf.reduce_sum(state[0], 1), gradients), state

        return Optimizer(init, update)
