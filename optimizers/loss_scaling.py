"""Keras's LossScaleOptimizer around another optimizer, as under Keras's trainer.

The loss, hence the gradient, is multiplied by a scale; a step whose gradients are not finite is skipped and halves it,
and `growth` finite steps in a row double it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimizers.base import Optimizer, scored


@dataclass(frozen=True)
class LossScaledBuild:
    """θ of `inner`, a KerasBuild -> Optimizer. State: (inner state, steps taken, finite steps in a row, scale)."""

    inner: Any
    initial: float
    growth: int

    def __call__(self, theta: Mapping[str, Any]) -> Optimizer:
        import tensorflow as tf

        inner = self.inner(theta)

        def init(params):
            return inner.init(params), tf.constant(0), tf.constant(0), tf.constant(self.initial)

        def update(gradients, state, params, step):
            held, taken, row, scale = state
            scaled = [g * tf.cast(scale, g.dtype) for g in tf.nest.flatten(gradients)]
            finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(g)) for g in scaled])
            unscaled = tf.nest.pack_sequence_as(gradients, [g / tf.cast(scale, g.dtype) for g in scaled])
            updates, after = inner.update(unscaled, held, params, taken)
            grows = tf.equal(row, self.growth - 1)
            row = tf.where(finite & ~grows, row + 1, 0)
            scale = scale * tf.where(finite, tf.where(grows, 2.0, 1.0), 0.5)
            updates = tf.nest.map_structure(lambda u: tf.where(finite, u, tf.zeros_like(u)), updates)
            after = tf.nest.map_structure(lambda new, old: tf.where(finite, new, old), after, held)
            return updates, (after, taken + tf.cast(finite, taken.dtype), row, scale)

        averages = inner.evaluate is not None
        return Optimizer(init, update, (lambda params, state: scored(inner, params, state[0])) if averages else None)

    def plain(self, theta: Mapping[str, Any]) -> Any:
        """The live Keras optimizer with θ of Python numbers."""
        import keras

        return keras.optimizers.LossScaleOptimizer(self.inner.plain(theta), self.initial, self.growth)

    def scores(self, theta: Mapping[str, Any], space: Mapping[str, Any]) -> str:
        """As the inner build says."""
        return self.inner.scores(theta, space)

    @property
    def source(self) -> Any:
        return self.inner.source

    @property
    def settings(self) -> tuple[str, ...]:
        return self.inner.settings
