"""Small networks that classify: circles, spirals, moons and digits; tanh and ReLU; deep and narrow; mini-batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from tasks.base import Task, TaskError, tf
from tasks.data import load, moons, rings, spirals
from tasks.layout import cross_entropy, fan_in_normal, logistic, minibatches, mlp, square_norm

_PLANAR = {"moons": moons, "circles": rings, "spirals": spirals}
_SOURCES = {
    "moons": "Pedregosa et al., Scikit-learn, 2011",
    "circles": "Pedregosa et al., Scikit-learn, 2011",
    "spirals": "Lang and Witbrock, Learning to tell two spirals apart, 1988",
}


@dataclass(frozen=True)
class PlanarNetwork(Task):
    """A network 2-hidden-1 on one fixed set of `points` labeled points of the plane; the initialization varies.

    Loss: mean logistic loss + penalty · ‖θ‖². `data`: "moons", "circles" or "spirals"; `activation`: "tanh" or "relu";
    weights N(0, 1/fan-in), twice that variance for ReLU, biases 0. `batch` points a step; 0: all.
    """

    data: str = "circles"
    hidden: tuple[int, ...] = (8, 8)
    activation: str = "tanh"
    points: int = 128
    noise: float = 0.1
    penalty: float = 1e-4
    batch: int = 0
    tile: ClassVar[tuple[int, int]] = (16, 16)
    cost: ClassVar[str] = "medium"

    def __post_init__(self):
        _check(self.data, _PLANAR, "data")
        _check(self.activation, ("tanh", "relu"), "activation")

    @property
    def reference(self):
        return _SOURCES[self.data]

    @property
    def tags(self):
        return ("network", "nonconvex", *(("stochastic",) if self.batch else ()))

    def sample(self, key):
        gain = 2.0 if self.activation == "relu" else 1.0
        return fan_in_normal((2, *self.hidden, 1), key, gain=gain), ()

    def batches(self, key, steps):
        return minibatches(key, steps, self.batch, self.points) if self.batch else None

    def loss(self, params, data, batch):
        inputs, labels = map(tf.constant, _PLANAR[self.data](self.points, self.noise))
        if batch is not None:
            inputs, labels = tf.gather(inputs, batch, axis=1), tf.gather(labels, batch)
        logits = mlp(params, inputs, self.activation)[0]
        return logistic(logits, labels) + self.penalty * square_norm(params)


@dataclass(frozen=True)
class DigitsNetwork(Task):
    """A network 64-hidden-10 on `examples` of scikit-learn's 8 × 8 digits, `batch` a step with replacement.

    Loss: mean cross-entropy + penalty · ‖θ‖², scored on all the examples. Weights N(0, 1/fan-in), twice that variance
    for ReLU, biases 0.
    """

    hidden: tuple[int, ...] = (16,)
    activation: str = "tanh"
    examples: int = 256
    batch: int = 32
    penalty: float = 1e-4
    reference: ClassVar[str] = "Alpaydin and Kaynak, Cascading classifiers, 1998"
    tags: ClassVar[tuple[str, ...]] = ("network", "nonconvex", "stochastic")
    tile: ClassVar[tuple[int, int]] = (8, 8)
    cost: ClassVar[str] = "heavy"

    def __post_init__(self):
        _check(self.activation, ("tanh", "relu"), "activation")

    def sample(self, key):
        gain = 2.0 if self.activation == "relu" else 1.0
        return fan_in_normal((64, *self.hidden, 10), key, gain=gain), ()

    def batches(self, key, steps):
        return minibatches(key, steps, self.batch, self.examples)

    def loss(self, params, data, batch):
        inputs, labels = digits(self.examples, batch)
        fit = cross_entropy(mlp(params, inputs, self.activation), labels)
        return fit + self.penalty * square_norm(params)


def digits(examples: int, batch) -> tuple[Any, Any]:
    """The first `examples` digits, or those of them that `batch` names: pixels (64, points), one-hot (10, points)."""
    inputs, labels = (tf.constant(array[:, :examples]) for array in load("digits"))
    if batch is None:
        return inputs, labels
    return tf.gather(inputs, batch, axis=1), tf.gather(labels, batch, axis=1)


def _check(value, known, what):
    if value not in known:
        raise TaskError(f"unknown {what} {value!r} of a network; known: {', '.join(known)}")
