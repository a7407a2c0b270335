"""The closed form of optimizers.learned.closed_form in float64 NumPy, for many constants at once.

One step ahead its state depends on the teacher's gradients alone, so a fit is a regression; all displaced constants of
a Jacobian go through one loop over the steps. A test holds it equal to the optimizer that runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def predict(theta: Mapping[str, Any], modes: int, gradients: np.ndarray) -> np.ndarray:
    """Updates (steps, P, N) under gradients: (steps, N); each constant of θ is (P,) or a number."""
    columns = {name: np.asarray(value, float).reshape(-1, 1) for name, value in theta.items()}
    rows = max(len(value) for value in columns.values())
    updates = np.empty((len(gradients), rows, gradients.shape[1]))
    with np.errstate(all="ignore"):
        state = [np.zeros((rows, gradients.shape[1])) for _ in range(2 + modes)]
        for k, g in enumerate(gradients):
            updates[k], state = _advance(columns, modes, g, state, k)
    return updates


def _advance(c, modes: int, g: np.ndarray, state, k: int):
    square, mean, *memories = state
    x = g * np.exp(-0.5 * c["compression"] * np.log1p(g * g * np.exp(-2 * c["log_knee"])))
    keep = _sigmoid(c["logit_average"])
    square, mean = keep * square + (1 - keep) * x * x, keep * mean + (1 - keep) * x
    coherence = np.where(square > 0, mean * mean / np.where(square > 0, square, 1), 0)
    level = np.log1p(square * np.exp(-2 * c["log_level"]))
    u = x * np.exp(c["persistence"] * coherence - 0.5 * c["adaptation"] * level)
    shift = c["hold"] * coherence + c["early_decay"] * _fading(c, "log_time_decay", k)
    z = c["direct"] * u
    for j in range(modes):
        keep = _sigmoid(c[f"logit_decay_{j + 1}"] + shift)
        memories[j] = keep * memories[j] + (1 - keep) * u
        z = z + c[f"weight_{j + 1}"] * memories[j]
    bound = np.exp(c["log_bound"])
    size = schedule(c, k) * np.exp(c["log_scale"]) * bound
    return -size * np.tanh(z / bound), [square, mean, *memories]


def schedule(c, k):
    """r(k) of the form."""
    first, second = (_fading(c, f"log_time_{i}", k) for i in (1, 2))
    return 1 + c["early_1"] * first + c["early_2"] * second


def _fading(c, name: str, k):
    return np.exp(-k * np.exp(-c[name]))


def _sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))
