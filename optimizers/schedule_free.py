"""Schedule-free gradient descent: averaging in place of a learning-rate schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optimizers.base import Entry, Optimizer
from optimizers.spaces import LogUniform, Uniform


def build(theta: Mapping[str, Any]) -> Optimizer:
    """z ← z − γ ∇f(y), x ← x + (z − x) / t, y = (1 − β) z + β x (Defazio et al., 2024).

    The parameters are y, where gradients are taken; scored is the average x, which the method hands over. θ:
    `learning_rate` γ and `momentum` β. State: (z, x).
    """
    import tensorflow as tf

    def init(params):
        copy = tf.nest.map_structure(tf.identity, params)
        return copy, copy

    def update(gradients, state, params, step):
        rate, beta = theta["learning_rate"], theta["momentum"]
        weight = 1.0 / (tf.cast(step, tf.float32) + 1.0)
        z = tf.nest.map_structure(lambda z, g: z - rate * g, state[0], gradients)
        x = tf.nest.map_structure(lambda x, z: x + weight * (z - x), state[1], z)
        updates = tf.nest.map_structure(lambda z, x, y: (1.0 - beta) * z + beta * x - y, z, x, params)
        return updates, (z, x)

    return Optimizer(init, update, lambda params, state: state[1])


ENTRY = Entry(
    "schedule-free-sgd",
    "hand-designed",
    build,
    {"learning_rate": LogUniform(1e-5, 100.0), "momentum": Uniform(0.0, 0.99)},
    {"learning_rate": 1.0, "momentum": 0.9},
    discloses={"scores": "the average of the iterates"},
    reference="Defazio et al., The road less scheduled, 2024",
    version=2,
)
