"""A component-wise GRU optimizer in a few lines: a learned-looking subject for tests of the probes."""

import numpy as np
import tensorflow as tf

from optimizers import Optimizer


def weights(units: int, seed: int, readout: float = 0.1) -> dict[str, np.ndarray]:
    """Untrained weights: orthogonal recurrence, keep bias 1, readout of the given size."""
    rng = np.random.default_rng(seed)
    square = [np.linalg.qr(rng.standard_normal((units, units)))[0] for _ in range(3)]
    return {
        "U": np.concatenate(square, axis=1),
        "W": rng.standard_normal(3 * units),
        "b": np.concatenate([np.ones(units), np.zeros(2 * units)]),
        "h0": np.zeros(units),
        "w": readout * rng.standard_normal(units) / np.sqrt(units),
    }


def cell(theta, g, h):
    """h' of gradients g: (…) and states h: (…, units)."""
    units = h.shape[-1]
    inner = tf.reshape(tf.reshape(h, (-1, units)) @ theta["U"], (*h.shape[:-1], 3 * units))
    outer = g[..., None] * theta["W"] + theta["b"]
    keep = tf.sigmoid(outer[..., :units] + inner[..., :units])
    reset = tf.sigmoid(outer[..., units : 2 * units] + inner[..., units : 2 * units])
    new = tf.tanh(outer[..., 2 * units :] + reset * inner[..., 2 * units :])
    return keep * h + (1 - keep) * new


def gru(theta: dict[str, np.ndarray]) -> Optimizer:
    """dx = w·h' for any tensor of parameters, in their dtype."""

    def bound(x):
        return {name: tf.cast(value, x.dtype) for name, value in theta.items()}

    def init(params):
        return tf.zeros((*params.shape, 1), params.dtype) + bound(params)["h0"]

    def update(gradients, state, params, step):
        own = bound(gradients)
        state = cell(own, gradients, state)
        return tf.linalg.matvec(state, own["w"]), state

    return Optimizer(init, update)
