"""Classifying two moons with small tanh networks: the paper's, and one that trains in milliseconds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from tasks.base import Task, tf
from tasks.data import moons
from tasks.layout import fan_in_normal, glorot_normal, logistic, mlp, square_norm

_PAPER = "Maheswaranathan et al., Reverse engineering learned optimizers, 2021"


@dataclass(frozen=True)
class TwoMoons(Task):
    """The paper's network 2-64-64-64-1 on one fixed set of 1024 points; only the initialization varies.

    Loss: mean logistic loss + penalty · ‖θ‖₂, the norm over all weights and biases, not squared. Weights are
    Glorot-normal, biases N(0, 0.01²). 8,577 parameters. The floor, 0, is a bound, not reached.
    """

    hidden: tuple[int, ...] = (64, 64, 64)
    points: int = 1024
    noise: float = 0.1
    penalty: float = 5e-3
    reference: ClassVar[str] = _PAPER
    tags: ClassVar[tuple[str, ...]] = ("network", "nonconvex", "paper")
    tile: ClassVar[tuple[int, int]] = (2, 4)
    cost: ClassVar[str] = "heavy"

    def sample(self, key):
        return glorot_normal((2, *self.hidden, 1), key, bias=0.01), ()

    def loss(self, params, data, batch):
        inputs, labels = moons(self.points, self.noise)
        norm = tf.sqrt(square_norm(params))
        return logistic(mlp(params, tf.constant(inputs))[0], tf.constant(labels)) + self.penalty * norm


@dataclass(frozen=True)
class FreshTwoMoons(Task):
    """A network 2-8-8-1 (105 parameters) on 64 points drawn anew for every problem.

    Loss: mean logistic loss + penalty · ‖θ‖²; weights N(0, 1/fan-in), biases zero.
    """

    hidden: tuple[int, ...] = (8, 8)
    points: int = 64
    noise: float = 0.15
    penalty: float = 1e-3
    reference: ClassVar[str] = _PAPER + ", made small"
    tags: ClassVar[tuple[str, ...]] = ("network", "nonconvex")
    tile: ClassVar[tuple[int, int]] = (16, 16)
    cost: ClassVar[str] = "medium"

    def sample(self, key):
        angles = tf.random.stateless_uniform([self.points], key, maxval=math.pi, alg="philox")
        labels = tf.cast(tf.range(self.points) >= self.points // 2, tf.float32)
        side = 1.0 - 2.0 * labels
        moon = tf.stack([labels + side * tf.cos(angles), 0.5 * labels + side * tf.sin(angles)])
        center = tf.constant([[0.5], [0.25]])
        jitter = tf.random.stateless_normal([2, self.points], key + 1, alg="philox")
        inputs = moon - center + self.noise * jitter
        params = fan_in_normal((2, *self.hidden, 1), key + 2)
        return params, {"inputs": inputs, "labels": labels}

    def loss(self, params, data, batch):
        return logistic(mlp(params, data["inputs"])[0], data["labels"]) + self.penalty * square_norm(params)
