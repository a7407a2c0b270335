"""The four problems of the comparison, as small as benchmarks of optimizers really use them.

They are not registered: they exist to be timed, and every peer computes the same losses from the same numbers.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tasks import Task, tf
from tasks.classic import Rosenbrock
from tasks.moons import glorot_normal, logistic, mlp, moons

POINTS, FEATURES = 64, 16
HIDDEN, MOONS, NOISE = (16, 16), 128, 0.1
IMAGES, SIDE, CHANNELS, CLASSES = 32, 8, 8, 10


class LargeRosenbrock(Rosenbrock):
    """Rosenbrock's function of two variables, run 256 × 32 at a time."""

    tile: ClassVar[tuple[int, int]] = (256, 32)


class MediumRosenbrock(Rosenbrock):
    """The same, run 32 × 32 at a time."""

    tile: ClassVar[tuple[int, int]] = (32, 32)


class SmallRosenbrock(Rosenbrock):
    """The same, run 8 × 8 at a time: what remains is the cost of an iteration."""

    tile: ClassVar[tuple[int, int]] = (8, 8)


@dataclass(frozen=True)
class SmallRegression(Task):
    """Least squares on 64 points of 16 features, drawn anew for each problem; y = Xw + 0.1 ε, all normal, from 0."""

    tile: ClassVar[tuple[int, int]] = (256, 32)

    def sample(self, key):
        inputs = tf.random.stateless_normal([FEATURES, POINTS], key, alg="philox")
        weights = tf.random.stateless_normal([1, FEATURES], key + 1, alg="philox")
        noise = tf.random.stateless_normal([POINTS], key + 2, alg="philox")
        targets = tf.matmul(weights, inputs)[0] + 0.1 * noise
        return tf.zeros([FEATURES]), {"inputs": inputs, "targets": targets}

    def loss(self, params, data, batch):
        predicted = tf.matmul(params[None], data["inputs"])[0]
        return tf.reduce_mean(tf.square(predicted - data["targets"]))


@dataclass(frozen=True)
class Moons(Task):
    """Two moons of 128 points, the same for every problem, by a tanh network 2-16-16-1 (337 parameters)."""

    tile: ClassVar[tuple[int, int]] = (16, 16)

    def sample(self, key):
        return glorot_normal((2, *HIDDEN, 1), key, bias=0.01), ()

    def loss(self, params, data, batch):
        inputs, labels = moons(MOONS, NOISE)
        return logistic(mlp(params, tf.constant(inputs)), tf.constant(labels))


@dataclass(frozen=True)
class SmallConvolution(Task):
    """32 images 8 × 8 → 3 × 3 convolution to 8 channels, stride 2, ReLU → 10 classes (1,370 parameters).

    The convolution is a product with patches; images lie on the minor axis throughout.
    """

    tile: ClassVar[tuple[int, int]] = (8, 8)

    def sample(self, key):
        def normal(shape, stream):
            return 0.1 * tf.random.stateless_normal(shape, key + stream, alg="philox")

        features = CHANNELS * (SIDE // 2) ** 2
        return {
            "kernel": normal([9, CHANNELS], 0),
            "bias": tf.zeros([CHANNELS]),
            "dense": normal([features, CLASSES], 1),
            "offset": tf.zeros([CLASSES]),
        }, ()

    def loss(self, params, data, batch):
        columns, labels = patches()
        maps = tf.matmul(params["kernel"], tf.constant(columns), transpose_a=True)
        maps = tf.nn.relu(maps + params["bias"][:, None])
        features = tf.reshape(maps, [-1, IMAGES])
        logits = tf.matmul(params["dense"], features, transpose_a=True)
        logits += params["offset"][:, None]
        chosen = tf.reduce_sum(logits * tf.constant(np.eye(CLASSES, dtype="float32")[labels].T), 0)
        return tf.reduce_mean(tf.reduce_logsumexp(logits, 0) - chosen)


@functools.cache
def images() -> tuple[np.ndarray, np.ndarray]:
    """Fixed noise images (images, side, side, 1) float32 and labels (images,) int32."""
    rng = np.random.Generator(np.random.Philox(1))
    pictures = rng.normal(size=(IMAGES, SIDE, SIDE, 1)).astype("float32")
    return pictures, rng.integers(0, CLASSES, IMAGES).astype("int32")


@functools.cache
def patches() -> tuple[np.ndarray, np.ndarray]:
    """Patches of `images` under padding SAME, stride 2: (9, positions × images), images minor; labels (images,)."""
    pictures, labels = images()
    padded = np.pad(pictures[..., 0], ((0, 0), (0, 1), (0, 1)))
    starts = range(0, SIDE, 2)
    cut = [padded[:, i : i + 3, j : j + 3].reshape(IMAGES, 9).T for i in starts for j in starts]
    return np.concatenate(cut, axis=1), labels
