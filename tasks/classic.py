"""Classic test functions of two and more variables, from random starts in their published boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tasks.base import Task, tf


@dataclass(frozen=True)
class Rosenbrock(Task):
    """f(x, y) = (1 − x)² + 100 (y − x²)², start uniform on [−2, 2] × [−1, 3]; minimum 0 at (1, 1)."""

    reference: ClassVar[str] = "Rosenbrock, An automatic method for finding the least value, 1960"
    tags: ClassVar[tuple[str, ...]] = ("paper", "nonconvex")
    tile: ClassVar[tuple[int, int]] = (128, 64)

    def sample(self, key):
        low, high = tf.constant([-2.0, -1.0]), tf.constant([2.0, 3.0])
        return low + (high - low) * tf.random.stateless_uniform([2], seed=key, alg="philox"), ()

    def loss(self, params, data, batch):
        x, y = params[0], params[1]
        return tf.square(1.0 - x) + 100.0 * tf.square(y - x * x)
