"""Linear models of data: least squares, and losses that forgive outliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tasks.base import Task, TaskError, tf
from tasks.data import load
from tasks.layout import minibatches, row_product


@dataclass(frozen=True)
class LeastSquares(Task):
    """f(x) = ½ ‖A (x − x*)‖², A (dimension, dimension) with entries N(0, 1/dimension), x*, x₀ ~ N(0, I).

    Nearly singular A are part of it: condition numbers of AᵀA have heavy tails (Edelman, 1988). Minimum 0.
    """

    dimension: int = 10
    reference: ClassVar[str] = "Edelman, Eigenvalues and condition numbers of random matrices, 1988"
    tags: ClassVar[tuple[str, ...]] = ("regression", "convex")
    tile: ClassVar[tuple[int, int]] = (64, 32)

    def sample(self, key):
        n = self.dimension
        matrix = tf.random.stateless_normal([n, n], seed=key, alg="philox") * n**-0.5
        solution = tf.random.stateless_normal([n], seed=key + 1, alg="philox")
        start = tf.random.stateless_normal([n], seed=key + 2, alg="philox")
        return start, {"transposed": matrix, "solution": solution}

    def loss(self, params, data, batch):
        residuals = row_product(params - data["solution"], data["transposed"])
        return 0.5 * tf.reduce_sum(tf.square(residuals))


@dataclass(frozen=True)
class Regression(Task):
    """Mean over points of ρ(wᵀx − y): y = w*ᵀx + N(0, noise²), a share of `outliers` off by N(0, 10²) more.

    x, w* ~ N(0, I), start w = 0 + N(0, 0.1²). ρ by `penalty`: "square" ½ r²; "huber" ½ r² within ±1, |r| − ½ beyond
    (Huber, 1964); "absolute" |r|; "cauchy" log(1 + r²), not convex. With `batch` points a step, drawn with replacement,
    the scored loss is still over all points. The floor, 0, is a bound, not reached.
    """

    penalty: str = "square"
    features: int = 16
    points: int = 64
    noise: float = 0.1
    outliers: float = 0.0
    batch: int = 64

    def __post_init__(self):
        if self.penalty not in _PENALTIES:
            raise TaskError(f"unknown penalty {self.penalty!r} of a regression; known: {', '.join(_PENALTIES)}")

    @property
    def reference(self):
        if self.penalty == "square":
            return "Robbins and Monro, A stochastic approximation method, 1951"
        if self.penalty == "absolute":
            return "Bloomfield and Steiger, Least absolute deviations, 1983"
        return "Huber, Robust estimation of a location parameter, 1964"

    @property
    def tags(self):
        shape = "nonconvex" if self.penalty == "cauchy" else "convex"
        return ("regression", shape, *(("stochastic",) if self.batch < self.points else ()))

    tile: ClassVar[tuple[int, int]] = (32, 32)

    def sample(self, key):
        inputs = tf.random.stateless_normal([self.features, self.points], key, alg="philox")
        truth = tf.random.stateless_normal([self.features], key + 1, alg="philox")
        errors = tf.random.stateless_normal([2, self.points], key + 2, alg="philox")
        hit = tf.random.stateless_uniform([self.points], key + 3, alg="philox") < self.outliers
        off = self.noise * errors[0] + tf.where(hit, 10.0 * errors[1], 0.0)
        start = 0.1 * tf.random.stateless_normal([self.features], key + 4, alg="philox")
        return start, {"inputs": inputs, "targets": row_product(truth, inputs) + off}

    def batches(self, key, steps):
        if self.batch >= self.points:
            return None
        return minibatches(key, steps, self.batch, self.points)

    def loss(self, params, data, batch):
        inputs, targets = data["inputs"], data["targets"]
        if batch is not None:
            inputs, targets = tf.gather(inputs, batch, axis=1), tf.gather(targets, batch)
        return tf.reduce_mean(_PENALTIES[self.penalty](row_product(params, inputs) - targets))


@dataclass(frozen=True)
class Diabetes(Task):
    """Least squares on scikit-learn's diabetes data, 442 × 10, standardized: ½ mean (wᵀx − y)², start N(0, I)."""

    reference: ClassVar[str] = "Efron et al., Least angle regression, 2004"
    tags: ClassVar[tuple[str, ...]] = ("regression", "convex")
    tile: ClassVar[tuple[int, int]] = (32, 16)

    def sample(self, key):
        return tf.random.stateless_normal([10], seed=key, alg="philox"), ()

    def loss(self, params, data, batch):
        inputs, targets = load("diabetes")
        return 0.5 * tf.reduce_mean(tf.square(row_product(params, tf.constant(inputs)) - targets))


def _huber(residuals):
    clipped = tf.clip_by_value(residuals, -1.0, 1.0)
    return clipped * (residuals - 0.5 * clipped)


_PENALTIES = {
    "square": lambda residuals: 0.5 * tf.square(residuals),
    "huber": _huber,
    "absolute": lambda residuals: tf.abs(residuals),
    "cauchy": lambda residuals: tf.math.log1p(tf.square(residuals)),
}
