"""Tuned momentum or Adam with a schedule and a soft clip that a learned optimizer was found to use.

    ĝ = c tanh(g / c);  rate(k) = learning_rate · (1 + a₁ exp(−k / τ₁) + a₂ exp(−k / τ₂))

The base is its published form: Polyak, 1964; Kingma and Ba, 2015, with the small number outside the corrected root, as
Keras has it. Without a schedule (a = 0) and with c = e⁸⁰ it is that base.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizers.base import Optimizer
from optimizers.learned.closed_form import constants

BASES = {
    "momentum": {"learning_rate": 0.01, "momentum": 0.9},
    "adam": {"learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
}
PLAIN = {"early_1": 0.0, "log_time_1": 1.5, "early_2": 0.0, "log_time_2": 3.5, "log_knee": 80.0}
"""The borrowed constants, at values that change nothing."""


@dataclass(frozen=True)
class Borrowed:
    """`base` is momentum or adam; θ holds its hyper-parameters and the borrowed constants, all scalars."""

    base: str = "adam"

    def __post_init__(self):
        if self.base not in BASES:
            raise ValueError(f"base {self.base!r} is none of {', '.join(BASES)}")

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """The base's published defaults, with nothing borrowed; the seed changes nothing."""
        theta = BASES[self.base] | PLAIN
        return {name: np.asarray(value, "float32") for name, value in theta.items()}

    def build(self, theta: Mapping[str, Any]) -> Optimizer:
        """State: one tensor (momentum) or two (adam) like the parameters."""
        import tensorflow as tf

        slots, advance = {"momentum": (1, _momentum), "adam": (2, _adam)}[self.base]

        def init(params):
            return [tf.nest.map_structure(tf.zeros_like, params) for _ in range(slots)]

        def update(gradients, state, params, step):
            leaves = tf.nest.flatten(gradients)
            olds = zip(*(tf.nest.flatten(part) for part in state), strict=True)
            pairs = [_leaf(advance, theta, g, old, step) for g, old in zip(leaves, olds, strict=True)]
            news = zip(*(new for _, new in pairs), strict=True)
            return tf.nest.pack_sequence_as(gradients, [dx for dx, _ in pairs]), [
                tf.nest.pack_sequence_as(gradients, list(new)) for new in news
            ]

        return Optimizer(init, update)


def _leaf(advance, theta, g, old, step):
    """dx and the new slots of one tensor of parameters."""
    import tensorflow as tf

    c = constants(theta, g.dtype)
    k = tf.cast(step, g.dtype)
    first, second = (tf.exp(-k * tf.exp(-c[f"log_time_{i}"])) for i in (1, 2))
    rate = c["learning_rate"] * (1.0 + c["early_1"] * first + c["early_2"] * second)
    knee = tf.exp(tf.minimum(c["log_knee"], 80.0))
    clipped = tf.where(c["log_knee"] < 80.0, knee * tf.tanh(g / knee), g)
    return advance(c, rate, clipped, old, k)


def _momentum(c, rate, g, old, k):
    v = c["momentum"] * old[0] - rate * g
    return v, (v,)


def _adam(c, rate, g, old, k):
    import tensorflow as tf

    fast, slow = (tf.clip_by_value(c[name], 1e-7, 1.0 - 1e-6) for name in ("beta_1", "beta_2"))
    m = fast * old[0] + (1.0 - fast) * g
    v = slow * old[1] + (1.0 - slow) * g * g
    first, second = (1.0 - tf.exp((k + 1.0) * tf.math.log(beta)) for beta in (fast, slow))
    return -rate * tf.sqrt(second) / first * m / (tf.sqrt(v) + c["epsilon"]), (m, v)
