"""Small networks as systems, in NumPy: what probes read without compiling anything but their long runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from bench.probes.dynamics.component import until_still
from bench.probes.dynamics.system import System
from optimizers.learned.rnn import Gru

UNITS = 16


def gru_system(network: Gru, theta: Mapping[str, Any]) -> System:
    """The system of `network.build(theta)`, in float64."""
    weights = {name: np.asarray(value, float) for name, value in theta.items()}
    raw, scale = network.input == "raw", float(network.input_scale)

    def function(h, g, t):
        h = _step(np, weights, h, scale * g, raw)
        return h, network.output_scale * (h @ weights["readout"] + weights["offset"])

    def held(h, g, t, steps):
        return _held(
            {name: tf.constant(w) for name, w in weights.items()}, h, scale * g, tf.constant(steps), raw=raw
        ).numpy()

    return System(function, weights["initial_state"], held=held)


@tf.function(autograph=False, jit_compile=True, reduce_retracing=True)
def _held(weights, h, g, steps, raw):
    """One program for all networks of a size."""
    return until_still(lambda h: _step(tf.experimental.numpy, weights, h, g, raw), h, steps)[0]


def _step(xp: Any, weights: Mapping[str, Any], h: Any, g: Any, raw: bool) -> Any:
    """h': (N, units) from h and scaled gradients g: (N,), in NumPy or in TensorFlow's namesake of it."""
    shown = g if raw else xp.arcsinh(g)
    inputs = shown[:, None] * weights["kernel"] + weights["bias"]
    inner = h @ weights["recurrent"]
    (keep_in, reset_in, new_in), (keep_h, reset_h, new_h) = (xp.split(part, 3, axis=1) for part in (inputs, inner))
    keep, reset = (0.5 * (1 + xp.tanh(0.5 * x)) for x in (keep_in + keep_h, reset_in + reset_h))
    return keep * h + (1.0 - keep) * xp.tanh(new_in + reset * (new_h + weights["recurrent_bias"]))


def untrained_gru(seed: int = 0, units: int = UNITS, readout: float = 0.1, **shape: Any) -> System:
    """A network as meta-training begins with it, but with a random readout of this size.

    Readout 0 is what meta-training really begins with: a network that does nothing.
    """
    network = Gru(units, **shape)
    theta = network.initial(seed)
    generator = np.random.default_rng([seed, units])
    theta["readout"] = readout * generator.standard_normal(units) / np.sqrt(units)
    return gru_system(network, theta)


def untrained_perceptron(seed: int = 0, units: int = UNITS, scale: float = 1.0) -> System:
    """dx = 0.1 w·tanh(W scale g + b), no state: nothing is remembered."""
    generator = np.random.default_rng([seed, units])
    kernel, bias, readout = generator.standard_normal((3, units)) / np.sqrt([[1], [1], [units]])

    def function(h, g, t):
        return h, 0.1 * np.tanh(scale * g[:, None] * kernel + bias) @ readout

    return System(function, np.zeros(0))
