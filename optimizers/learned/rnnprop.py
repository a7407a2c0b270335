"""RNNProp (Lv, Jiang and Li, Learning gradient descent: better generalization and longer horizons, 2017).

The network never sees the gradient's scale: its inputs are those of RMSProp and Adam, and its output is bounded.

    m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  m̂, v̂ without bias
    y = LSTM(ELU(W [g, m̂] / √v̂ + b));  x' = x + α tanh(w·y + b')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizers.base import Optimizer
from optimizers.learned import stack
from optimizers.learned.rows import cast, float32, repeated, rows, unrows
from optimizers.learned.settings import check_decay, check_positive, check_whole

_SMALLEST = 1e-16
"""Added to v̂, their 1e-8 squared: below the root, so that a gradient of 0 has a finite derivative."""


@dataclass(frozen=True)
class Rnnprop:
    """`output_scale` is α, the largest move of a parameter in one step."""

    units: int = 20
    layers: int = 2
    beta_1: float = 0.95
    beta_2: float = 0.95
    output_scale: float = 0.1

    def __post_init__(self):
        for name in ("units", "layers"):
            check_whole(name, getattr(self, name))
        for name in ("beta_1", "beta_2"):
            check_decay(name, getattr(self, name))
        check_positive("output_scale", self.output_scale)

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Untrained θ, float32: the preprocessing layer ~ N(0, 1/2), the rest as stack.initial draws it."""
        rng = np.random.Generator(np.random.Philox(seed))
        shown = rng.normal(size=(2, self.units)) / np.sqrt(2)
        layers = stack.initial(rng, self.units, self.units, self.layers)
        return float32({"shown": shown, "shown_bias": np.zeros(self.units), **layers})

    def build(self, theta: Mapping[str, Any]) -> Optimizer:
        """State: m, v (parameters, 1) and (h, c) of every layer, in the dtype of the parameters."""
        import tensorflow as tf

        def init(params):
            zero = repeated(params, np.zeros(1))
            return zero, zero, stack.start(params, self.units, self.layers)

        def update(gradients, state, params, step):
            g = rows(gradients)[:, None]
            weights = cast(theta, g.dtype)
            first, second, layers = state
            first = self.beta_1 * first + (1.0 - self.beta_1) * g
            second = self.beta_2 * second + (1.0 - self.beta_2) * g * g
            shown = self._normalized(g, first, second, step)
            mixed = tf.nn.elu(tf.matmul(shown, weights["shown"]) + weights["shown_bias"])
            moves, layers = stack.step(weights, mixed, layers)
            return unrows(self.output_scale * tf.tanh(moves), gradients), (first, second, layers)

        return Optimizer(init, update)

    def _normalized(self, g, first, second, step):
        """[g, m̂] / √v̂, (rows, 2)."""
        import tensorflow as tf

        count = tf.cast(step, g.dtype) + 1.0
        mean = first / (1.0 - tf.pow(tf.cast(self.beta_1, g.dtype), count))
        square = second / (1.0 - tf.pow(tf.cast(self.beta_2, g.dtype), count))
        return tf.concat([g, mean], 1) * tf.math.rsqrt(square + _SMALLEST)
