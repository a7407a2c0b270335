"""Small networks as systems, in NumPy: what probes read without compiling anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.probes.dynamics.system import System
from optimizers.learned.rnn import Gru

UNITS = 16


def gru_system(network: Gru, theta: Mapping[str, Any]) -> System:
    """The system of `network.build(theta)`, in float64."""
    weights = {name: np.asarray(value, float) for name, value in theta.items()}

    def function(h, g, t):
        scaled = network.input_scale * g
        shown = scaled if network.input == "raw" else np.arcsinh(scaled)
        inputs = shown[:, None] * weights["kernel"] + weights["bias"]
        inner = h @ weights["recurrent"]
        (keep_in, reset_in, new_in), (keep_h, reset_h, new_h) = (np.split(part, 3, axis=1) for part in (inputs, inner))
        keep, reset = _sigmoid(keep_in + keep_h), _sigmoid(reset_in + reset_h)
        candidate = np.tanh(new_in + reset * (new_h + weights["recurrent_bias"]))
        h = keep * h + (1.0 - keep) * candidate
        return h, network.output_scale * (h @ weights["readout"] + weights["offset"])

    return System(function, weights["initial_state"])


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))


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
