"""A closed form of few constants: momentum modes, saturation, a schedule and adaptation, one term for each.

    x = g (1 + (g / c)²)^(−q / 2)                                  input that grows as |g|^(1 − q) beyond c
    v ← ρ v + (1 − ρ) x²,  s ← ρ s + (1 − ρ) x,  d = s² / v         d in [0, 1]: 1 where gradients keep their sign
    u = (1 + v / κ²)^(−p / 2) exp(η d) x                            adaptation: p = 1 is RMSProp
    m_j ← b m_j + (1 − b) u,  b = σ(σ⁻¹(β_j) + δ d + γ exp(−k / τ₃))
    dx = −r(k) A U tanh((w₀ u + Σ w_j m_j) / U),  r(k) = 1 + a₁ exp(−k / τ₁) + a₂ exp(−k / τ₂)

The terms are those that Maheswaranathan et al., 2021, read off trained networks. Every constant is a scalar of θ,
positive ones as logarithms and decays as logits, so that descent cannot leave their range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizers.base import Optimizer

LINEAR = {"log_scale": 0.0, "direct": 1.0}
SATURATION = {"log_knee": 0.0, "compression": 0.0, "log_bound": 20.0}
SCHEDULE = {
    "early_1": 0.0,
    "log_time_1": 1.5,
    "early_2": 0.0,
    "log_time_2": 3.5,
    "early_decay": 0.0,
    "log_time_decay": 3.0,
}
ADAPTATION = {"logit_average": 1.5, "log_level": 0.0, "adaptation": 0.0, "persistence": 0.0, "hold": 0.0}
TERMS = {"saturation": SATURATION, "schedule": SCHEDULE, "adaptation": ADAPTATION}
"""The constants of every term, at values that switch it off."""


@dataclass(frozen=True)
class ClosedForm:
    """The form above with `modes` averages m_j."""

    modes: int = 2

    def __post_init__(self):
        if type(self.modes) is not int or self.modes < 0:
            raise ValueError(f"modes must be a whole number, 0 or more, not {self.modes!r}")

    def off(self) -> dict[str, float]:
        """θ of dx = −g: every term switched off."""
        modes: dict[str, float] = {}
        for j in range(1, self.modes + 1):
            modes |= {f"weight_{j}": 0.0, f"logit_decay_{j}": 1.0 + j}
        return {**LINEAR, **modes, **SATURATION, **SCHEDULE, **ADAPTATION}

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Untrained θ, float32 scalars: small steps of mostly momentum, gradients softly clipped at 1."""
        rng = np.random.Generator(np.random.Philox(seed))
        theta = self.off() | {"log_scale": -4.0, "compression": 0.5, "log_bound": 1.0}
        theta |= {f"weight_{j}": 1.0 / self.modes for j in range(1, self.modes + 1)}
        return {name: np.asarray(value + 0.01 * rng.normal(), "float32") for name, value in theta.items()}

    def build(self, theta: Mapping[str, Any]) -> Optimizer:
        """State: v, s and m_1 … m_n, each like the parameters."""
        import tensorflow as tf

        def init(params):
            return [tf.nest.map_structure(tf.zeros_like, params) for _ in range(2 + self.modes)]

        def update(gradients, state, params, step):
            leaves = tf.nest.flatten(gradients)
            olds = zip(*(tf.nest.flatten(part) for part in state), strict=True)
            pairs = [_advance(theta, self.modes, g, old, step) for g, old in zip(leaves, olds, strict=True)]
            news = zip(*(new for _, new in pairs), strict=True)
            return tf.nest.pack_sequence_as(gradients, [dx for dx, _ in pairs]), [
                tf.nest.pack_sequence_as(gradients, list(new)) for new in news
            ]

        return Optimizer(init, update)


def constants(theta: Mapping[str, Any], dtype) -> dict[str, Any]:
    """θ in `dtype`; Python floats without a detour over float32, which `tf.cast` takes."""
    import tensorflow as tf

    return {
        name: tf.cast(value, dtype) if tf.is_tensor(value) else tf.constant(value, dtype)
        for name, value in theta.items()
    }


def _advance(theta, modes: int, g, old, step):
    """dx and the next (v, s, m_1 …) of one tensor of parameters."""
    import tensorflow as tf

    c = constants(theta, g.dtype)
    k = tf.cast(step, g.dtype)
    square, mean, *memories = old

    def fading(name):
        return tf.exp(-k * tf.exp(-c[name]))

    def average(before, keep, new):
        return keep * before + (1.0 - keep) * new

    x = g * tf.exp(-0.5 * c["compression"] * tf.math.log1p(g * g * tf.exp(-2.0 * c["log_knee"])))
    keep = tf.sigmoid(c["logit_average"])
    square, mean = average(square, keep, x * x), average(mean, keep, x)
    coherence = tf.math.divide_no_nan(mean * mean, square)
    level = tf.math.log1p(square * tf.exp(-2.0 * c["log_level"]))
    u = x * tf.exp(c["persistence"] * coherence - 0.5 * c["adaptation"] * level)
    shift = c["hold"] * coherence + c["early_decay"] * fading("log_time_decay")
    keeps = [tf.sigmoid(c[f"logit_decay_{j}"] + shift) for j in range(1, modes + 1)]
    memories = [average(m, b, u) for m, b in zip(memories, keeps, strict=True)]
    z = c["direct"] * u
    for j, m in enumerate(memories, 1):
        z += c[f"weight_{j}"] * m
    rate = 1.0 + c["early_1"] * fading("log_time_1") + c["early_2"] * fading("log_time_2")
    bound = tf.exp(c["log_bound"])
    return -rate * tf.exp(c["log_scale"]) * bound * tf.tanh(z / bound), (square, mean, *memories)
