"""LSTM layers on top of each other, shared by L2L and RNNProp. θ of layer i ends in `_i`, counted from 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from optimizers.learned import cells
from optimizers.learned.rows import repeated

_WEIGHTS = ("kernel", "recurrent", "bias")


def initial(rng: np.random.Generator, inputs: int, units: int, layers: int) -> dict[str, Any]:
    """Untrained θ: U orthogonal per gate, W ~ N(0, 1 / inputs), forget gates open, and a readout of zero (no-op)."""
    theta: dict[str, Any] = {}
    for layer in range(1, layers + 1):
        theta[f"kernel_{layer}"] = rng.normal(size=(inputs, 4 * units)) / np.sqrt(inputs)
        theta[f"recurrent_{layer}"] = cells.orthogonal(rng, units, 4)
        theta[f"bias_{layer}"] = cells.opened(cells.LSTM, units)
        inputs = units
    return {**theta, "readout": np.zeros(units), "offset": np.zeros(1)}


def start(params: Any, units: int, layers: int) -> list[tuple[Any, Any]]:
    """States (rows, units) of zero: the (h, c) of every layer."""
    return [(repeated(params, np.zeros(units)),) * 2 for _ in range(layers)]


def step(theta: Mapping[str, Any], x: Any, state: list) -> tuple[Any, list]:
    """Readout (rows,) and next state for inputs x: (rows, k); `theta` in the dtype of x."""
    import tensorflow as tf

    after = []
    for layer, its in enumerate(state, start=1):
        weights = {name: theta[f"{name}_{layer}"] for name in _WEIGHTS}
        after.append(cells.lstm(weights, x, its))
        x = after[-1][0]
    return tf.linalg.matvec(x, theta["readout"]) + theta["offset"], after
