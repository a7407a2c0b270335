"""Aggregated momentum: several velocities that forget at different speeds, averaged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optimizers.base import Entry, Optimizer
from optimizers.spaces import LogUniform


def build(theta: Mapping[str, Any]) -> Optimizer:
    """v_i ← β_i v_i − g and x ← x + (γ / K) Σ v_i with β_i = 1 − aⁱ, i = 0 … K − 1 (Lucas et al., 2019).

    θ: `learning_rate` γ, `damping` a, and the number of velocities `velocities` K, an integer. State: for each leaf of
    the parameters, its velocities along a leading axis K.
    """
    import tensorflow as tf

    count = int(theta["velocities"])
    powers = tf.stack([theta["damping"] ** float(i) for i in range(count)])
    betas = 1.0 - tf.cast(powers, tf.float32)

    def init(params):
        return tf.nest.map_structure(lambda p: tf.zeros([count, *p.shape], p.dtype), params)

    def update(gradients, state, params, step):
        def advance(v, g):
            return tf.reshape(betas, [count] + [1] * g.shape.rank) * v - g

        velocities = tf.nest.map_structure(advance, state, gradients)
        rate = theta["learning_rate"] / count
        return tf.nest.map_structure(lambda v: rate * tf.reduce_sum(v, 0), velocities), velocities

    return Optimizer(init, update)


ENTRY = Entry(
    "aggmo",
    "hand-designed",
    build,
    {"learning_rate": LogUniform(1e-5, 10.0), "damping": LogUniform(0.01, 0.5)},
    {"learning_rate": 0.1, "damping": 0.1, "velocities": 3},
    reference="Lucas et al., Aggregated momentum: stability through passive damping, 2019",
)
