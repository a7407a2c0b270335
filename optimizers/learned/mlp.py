"""The per-parameter MLP on Adafactor-like features, "small_fc_lopt" (Metz et al., Practical tradeoffs between memory,
compute, and performance in learned optimizers, 2022).

    x' = x − output_scale · d · exp(exponent_scale · e),   (d, e) = MLP(features)

What it is shown is in features.py. Features are normalized over their tensor, so that parameters of one tensor affect
each other: it needs a meta-gradient that keeps problems apart. The decays are learned too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from optimizers.base import Optimizer
from optimizers.learned import features
from optimizers.learned.rows import cast, float32
from optimizers.learned.settings import check_positive, check_whole


@dataclass(frozen=True)
class Mlp:
    """`units` per hidden layer, `layers` of them; a sensible first step is ~ `output_scale`."""

    units: int = 4
    layers: int = 2
    output_scale: float = 0.001
    exponent_scale: float = 0.001

    def __post_init__(self):
        for name in ("units", "layers"):
            check_whole(name, getattr(self, name))
        for name in ("output_scale", "exponent_scale"):
            check_positive(name, getattr(self, name))

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Untrained θ, float32: weights ~ N(0, 1 / inputs), biases zero, decays as published."""
        rng = np.random.Generator(np.random.Philox(seed))
        theta: dict[str, Any] = {k: np.zeros(len(v)) for k, v in features.DECAYS.items()}
        sizes = [features.WIDTH, *[self.units] * self.layers, 2]
        for i, (inputs, outputs) in enumerate(pairwise(sizes)):
            theta[f"kernel_{i}"] = rng.normal(size=(inputs, outputs)) / np.sqrt(inputs)
            theta[f"bias_{i}"] = np.zeros(outputs)
        return float32(theta)

    def build(self, theta: Mapping[str, Any]) -> Optimizer:
        """State, for each tensor: momenta, second moments, factored or full statistics (features.py)."""
        import tensorflow as tf

        def init(params):
            return [features.start(leaf) for leaf in tf.nest.flatten(params)]

        def update(gradients, state, params, step):
            leaves = tf.nest.flatten(gradients)
            triples = zip(leaves, state, tf.nest.flatten(params), strict=True)
            moved = [self._one(cast(theta, g.dtype), g, its, p, step) for g, its, p in triples]
            updates = [update for update, _ in moved]
            return tf.nest.pack_sequence_as(gradients, updates), [its for _, its in moved]

        return Optimizer(init, update)

    def _one(self, theta, g, state, param, step):
        """Update and next state of one tensor."""
        import tensorflow as tf

        shown, state = features.see(theta, g, state, param, step)
        for i in range(self.layers + 1):
            shown = tf.nn.relu(shown) if i else shown
            shown = tf.matmul(shown, theta[f"kernel_{i}"]) + theta[f"bias_{i}"]
        direction, exponent = tf.unstack(shown, axis=1)
        move = -self.output_scale * direction * tf.exp(self.exponent_scale * exponent)
        return tf.reshape(move, g.shape), state
