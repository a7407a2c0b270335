"""Sign descent: steps whose size does not depend on the gradient's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optimizers.base import Entry, Optimizer
from optimizers.spaces import LogUniform


def build(theta: Mapping[str, Any]) -> Optimizer:
    """x ← x − γ sign(g) (Bernstein et al., 2018). θ: `learning_rate` γ. No state."""
    import tensorflow as tf

    def update(gradients, state, params, step):
        rate = theta["learning_rate"]
        return tf.nest.map_structure(lambda g: -rate * tf.sign(g), gradients), state

    return Optimizer(lambda params: [], update)


ENTRY = Entry(
    "sign-descent",
    "hand-designed",
    build,
    {"learning_rate": LogUniform(1e-6, 1.0)},
    {"learning_rate": 1e-3},
    reference="Bernstein et al., signSGD: compressed optimisation for non-convex problems, 2018",
)
