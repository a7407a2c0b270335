"""Logistic and softmax regression on scikit-learn's bundled data: convex, with a unique minimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tasks.base import Task, TaskError, tf
from tasks.data import load
from tasks.layout import cross_entropy, dense, logistic, minibatches

_SHAPES = {"breast_cancer": (30, 1, 569), "wine": (13, 3, 178), "digits": (64, 10, 512)}
_SOURCES = {
    "breast_cancer": "Street, Wolberg and Mangasarian, Nuclear feature extraction, 1993",
    "wine": "Aeberhard, Coomans and de Vel, Comparison of classifiers, 1992",
    "digits": "Alpaydin and Kaynak, Cascading classifiers, 1998",
}


@dataclass(frozen=True)
class LinearClassifier(Task):
    """Mean cross-entropy of W x + b on `data` plus ½ · penalty · ‖W‖², from W, b ~ N(0, scale²).

    `data`: "breast_cancer" (569 × 30, one logit), "wine" (178 × 13, three classes), "digits" (the first 512, 64 pixels,
    ten). The data is the same for every problem, the start differs. `batch` points a step, drawn with replacement; 0
    means all of them. The penalty makes the minimum unique and finite.
    """

    data: str = "breast_cancer"
    penalty: float = 1e-3
    scale: float = 1.0
    batch: int = 0
    cost: ClassVar[str] = "medium"

    def __post_init__(self):
        if self.data not in _SHAPES:
            raise TaskError(f"unknown data {self.data!r}; known: {', '.join(_SHAPES)}")

    @property
    def reference(self):
        return _SOURCES[self.data]

    @property
    def tags(self):
        return ("logistic", "convex", *(("stochastic",) if self.batch else ()))

    @property
    def tile(self):
        return (8, 8) if self.data == "digits" else (16, 16)

    def sample(self, key):
        features, outputs, _ = _SHAPES[self.data]
        weight = tf.random.stateless_normal([features, outputs], seed=key, alg="philox")
        bias = tf.random.stateless_normal([outputs], seed=key + 1, alg="philox")
        return {"weight": self.scale * weight, "bias": self.scale * bias}, ()

    def batches(self, key, steps):
        return minibatches(key, steps, self.batch, _SHAPES[self.data][2]) if self.batch else None

    def loss(self, params, data, batch):
        points = _SHAPES[self.data][2]
        inputs, labels = (tf.constant(array[:, :points]) for array in load(self.data))
        if batch is not None:
            inputs, labels = tf.gather(inputs, batch, axis=1), tf.gather(labels, batch, axis=1)
        logits = dense((params["weight"], params["bias"]), inputs)
        binary = self.data == "breast_cancer"
        fit = logistic(logits[0], labels[1]) if binary else cross_entropy(logits, labels)
        return fit + 0.5 * self.penalty * tf.reduce_sum(tf.square(params["weight"]))
