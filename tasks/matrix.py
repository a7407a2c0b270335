"""Products of matrices fitted to matrices: nonconvex, yet every local minimum is a global one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tasks.base import Task, tf


@dataclass(frozen=True)
class Factorization(Task):
    """½ mean over the entries seen of (U Vᵀ − M)²: M (size, size) = A Bᵀ, factors of `rank` columns, entries N(0, 1).

    `seen` is the share of entries that count, drawn for every problem: 1 is factorization, less is completion. The
    start is N(0, 0.1²), near the saddle at 0. M has the rank of U Vᵀ, so the minimum is 0.
    """

    size: int = 10
    rank: int = 3
    seen: float = 1.0
    tile: ClassVar[tuple[int, int]] = (16, 32)
    cost: ClassVar[str] = "medium"
    tags: ClassVar[tuple[str, ...]] = ("matrix", "nonconvex")

    @property
    def reference(self):
        if self.seen < 1:
            return "Candès and Recht, Exact matrix completion via convex optimization, 2009"
        return "Burer and Monteiro, A nonlinear programming algorithm, 2003"

    def sample(self, key):
        shape = [4, self.size, self.rank]
        left, right, u, v = tf.unstack(tf.random.stateless_normal(shape, seed=key, alg="philox"))
        draws = tf.random.stateless_uniform([self.size, self.size], seed=key + 1, alg="philox")
        mask = tf.cast(draws < self.seen, tf.float32)
        weights = mask / tf.maximum(tf.reduce_sum(mask), 1.0)
        target = tf.matmul(left, right, transpose_b=True)
        return {"u": 0.1 * u, "v": 0.1 * v}, {"target": target, "weights": weights}

    def loss(self, params, data, batch):
        misfit = tf.matmul(params["u"], params["v"], transpose_b=True) - data["target"]
        return 0.5 * tf.reduce_sum(data["weights"] * tf.square(misfit))


@dataclass(frozen=True)
class SymmetricFactorization(Task):
    """½ mean (X Xᵀ − M)², M = A Aᵀ of rank `rank`, X (size, columns) with more columns than needed. Minimum 0.

    Past the minimum's rank the problem is flat: descent ends sublinearly (Zhuo et al., 2021).
    """

    size: int = 10
    rank: int = 2
    columns: int = 4
    cost: ClassVar[str] = "medium"
    reference: ClassVar[str] = "Zhuo et al., Over-parametrized low-rank matrix recovery, 2021"
    tags: ClassVar[tuple[str, ...]] = ("matrix", "nonconvex")
    tile: ClassVar[tuple[int, int]] = (16, 32)

    def sample(self, key):
        factor = tf.random.stateless_normal([self.size, self.rank], seed=key, alg="philox")
        start = tf.random.stateless_normal([self.size, self.columns], seed=key + 1, alg="philox")
        return 0.1 * start, {"target": tf.matmul(factor, factor, transpose_b=True)}

    def loss(self, params, data, batch):
        misfit = tf.matmul(params, params, transpose_b=True) - data["target"]
        return 0.5 * tf.reduce_mean(tf.square(misfit))


@dataclass(frozen=True)
class DeepLinear(Task):
    """½ mean (W_L ⋯ W_1 − M)², entries of M and W (size, size) ~ N(0, 1/size): plateaus and drops. Minimum 0."""

    size: int = 8
    layers: int = 4
    reference: ClassVar[str] = "Saxe, McClelland and Ganguli, Exact solutions to learning, 2014"
    tags: ClassVar[tuple[str, ...]] = ("matrix", "nonconvex")
    tile: ClassVar[tuple[int, int]] = (16, 16)
    cost: ClassVar[str] = "medium"

    def sample(self, key):
        shape = [self.layers + 1, self.size, self.size]
        target, *start = tf.unstack(tf.random.stateless_normal(shape, seed=key, alg="philox"))
        return [self.size**-0.5 * w for w in start], {"target": self.size**-0.5 * target}

    def loss(self, params, data, batch):
        product = params[0]
        for weight in params[1:]:
            product = tf.matmul(weight, product)
        return 0.5 * tf.reduce_mean(tf.square(product - data["target"]))
