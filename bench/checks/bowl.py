"""The problem optimizers are checked on: two parameter tensors in a dictionary, convex, cheap, known minimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tasks import Task, tf


@dataclass(frozen=True)
class Bowl(Task):
    """f = ½ Σ λ (x − m)², λ uniform on [0.1, 1], m and start standard normal, x in a matrix and a vector."""

    tags: ClassVar[tuple[str, ...]] = ("quadratic", "convex")
    tile: ClassVar[tuple[int, int]] = (4, 4)

    def sample(self, key):
        shapes = {"bias": [2], "weight": [3, 2]}
        normal = {
            name: tf.random.stateless_normal([2, *shape], key + i, alg="philox")
            for i, (name, shape) in enumerate(shapes.items())
        }
        curvatures = {
            name: tf.random.stateless_uniform(shape, key + 2 + i, 0.1, 1.0, alg="philox")
            for i, (name, shape) in enumerate(shapes.items())
        }
        minimizer = {name: value[1] for name, value in normal.items()}
        return {name: value[0] for name, value in normal.items()}, (curvatures, minimizer)

    def loss(self, params, data, batch):
        curvatures, minimizer = data
        terms = (tf.reduce_sum(curvatures[name] * tf.square(params[name] - minimizer[name])) for name in params)
        return 0.5 * sum(terms)
