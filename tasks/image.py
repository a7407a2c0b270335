"""A convolutional network and an autoencoder on scikit-learn's 8 × 8 digits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tasks.base import Task, tf
from tasks.layout import convolve, cross_entropy, dense, fan_in_normal, minibatches, mlp, square_norm
from tasks.network import digits

_DIGITS = "Alpaydin and Kaynak, Cascading classifiers, 1998"


@dataclass(frozen=True)
class DigitsConvolution(Task):
    """Three convolutions and a dense layer, ReLU between: 1×8×8 → 4×4×4 → 8×2×2 → 16×1×1 → 10.

    874 parameters; patches are 3×3, 2×2 and 2×2, strides 2, zeros at the edges. Loss: mean cross-entropy + penalty ·
    ‖θ‖² over `batch` of `examples` digits a step, scored on all of them. The paper's fourth task in spirit: four
    layers, mini-batches. Weights N(0, 2/fan-in), biases 0.
    """

    channels: tuple[int, ...] = (4, 8, 16)
    examples: int = 256
    batch: int = 32
    penalty: float = 1e-4
    reference: ClassVar[str] = "LeCun et al., Gradient-based learning for documents, 1998; " + _DIGITS
    tags: ClassVar[tuple[str, ...]] = ("image", "convolution", "nonconvex", "stochastic")
    tile: ClassVar[tuple[int, int]] = (8, 8)
    cost: ClassVar[str] = "heavy"

    def sample(self, key):
        first, second, third = self.channels
        shapes = ((9, first), (4 * first, second), (4 * second, third), (third, 10))
        return [fan_in_normal(s, key + 2 * i, gain=2.0)[0] for i, s in enumerate(shapes)], ()

    def batches(self, key, steps):
        return minibatches(key, steps, self.batch, self.examples)

    def loss(self, params, data, batch):
        pixels, labels = digits(self.examples, batch)
        signal = tf.reshape(pixels, [1, 8, 8, -1])
        for layer, size in zip(params[:-1], (3, 2, 2), strict=True):
            signal = tf.nn.relu(convolve(layer, signal, size, 2))
        logits = dense(params[-1], tf.reshape(signal, [signal.shape[0], -1]))
        return cross_entropy(logits, labels) + self.penalty * square_norm(params)


@dataclass(frozen=True)
class DigitsAutoencoder(Task):
    """A network 64-16-code-16-64, tanh, that returns its own input: ½ mean (output − pixel)², pixels in [0, 1].

    `batch` of `examples` digits a step, scored on all of them. Weights N(0, 1/fan-in), biases 0.
    """

    hidden: int = 16
    code: int = 4
    examples: int = 256
    batch: int = 32
    reference: ClassVar[str] = "Hinton and Salakhutdinov, Reducing the dimensionality of data, 2006"
    tags: ClassVar[tuple[str, ...]] = ("image", "autoencoder", "nonconvex", "stochastic")
    tile: ClassVar[tuple[int, int]] = (8, 8)
    cost: ClassVar[str] = "heavy"

    def sample(self, key):
        return fan_in_normal((64, self.hidden, self.code, self.hidden, 64), key), ()

    def batches(self, key, steps):
        return minibatches(key, steps, self.batch, self.examples)

    def loss(self, params, data, batch):
        pixels, _ = digits(self.examples, batch)
        return 0.5 * tf.reduce_mean(tf.square(mlp(params, pixels) - pixels))
