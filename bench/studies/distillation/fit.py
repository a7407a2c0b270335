"""Fitting the closed form to a teacher's updates, one step ahead along the teacher's own runs.

Least squares over the constants of all terms switched on, the error of every step divided by the size that updates have
around that step (root mean square over the histories, nine steps wide): each step of a run counts the same, so that
late small updates are not drowned by early large ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import least_squares

EARLY = 20
"""Steps called early; the second half of a run is late."""
_DISPLACEMENT = 1e-6
_RIDGE = 1e-5
"""Weight of (constant − start)² beside a mean square error that is 1 for no prediction: near-equal modes must not
cancel at huge weights.
"""
_LOST = 1e3
"""Error of a prediction that is no number, in units of the teacher's size."""


class Material(NamedTuple):
    """A teacher's gradients and updates, both (steps, histories)."""

    gradients: np.ndarray
    updates: np.ndarray


class Fitted(NamedTuple):
    """θ, and the mean square of its weighted errors on what it was fitted to."""

    theta: dict[str, float]
    error: float


def sizes(updates: np.ndarray) -> np.ndarray:
    """(steps, 1): root mean square of updates (steps, histories) over nine steps around each."""
    power = np.mean(np.square(updates), axis=1)
    kernel = np.ones(min(9, len(power)))
    around = np.convolve(power, kernel, "same") / np.convolve(np.ones_like(power), kernel, "same")
    return np.sqrt(np.maximum(around, 1e-30 * around.max() + 1e-300))[:, None]


def fit(material: Material, modes: int, start: Mapping[str, float], free: Sequence[str], tries: int) -> Fitted:
    """The nearest constants `free`, the others held at `start`; at most `tries` Jacobians."""
    scale = sizes(material.updates)
    held = {name: float(value) for name, value in start.items()}

    def errors(points: np.ndarray) -> np.ndarray:
        theta: dict[str, Any] = held | {name: points[:, i] for i, name in enumerate(free)}
        off = (predict(theta, modes, material.gradients) - material.updates[:, None]) / scale[:, None]
        off = np.clip(np.nan_to_num(off, nan=_LOST), -_LOST, _LOST)
        off = off.transpose(1, 0, 2).reshape(len(points), -1) / np.sqrt(material.updates.size)
        return np.concatenate([off, np.sqrt(_RIDGE) * (points - first)], axis=1)

    def slopes(point: np.ndarray) -> np.ndarray:
        moved = point + _DISPLACEMENT * np.eye(len(point))
        values = errors(np.concatenate([point[None], moved]))
        return ((values[1:] - values[0]) / _DISPLACEMENT).T

    first = np.array([held[name] for name in free])
    found = least_squares(lambda point: errors(point[None])[0], first, slopes, max_nfev=tries, x_scale="jac")
    return Fitted(held | dict(zip(free, found.x.tolist(), strict=True)), float(2 * found.cost))


def agreement(theta: Mapping[str, float], modes: int, held_out: Material) -> dict[str, float]:
    """R² one step ahead, 1 − Σ (error / size)² / Σ (update / size)²: `r2` over all steps, `early`, `late`.

    `unweighted` is the same without sizes: early large updates decide it.
    """
    error = predict(theta, modes, held_out.gradients)[:, 0] - held_out.updates
    scale = sizes(held_out.updates)
    late = slice(len(error) // 2, None)
    parts = {"r2": slice(None), "early": slice(0, EARLY), "late": late}
    found = {name: _r2(error[part] / scale[part], held_out.updates[part] / scale[part]) for name, part in parts.items()}
    return found | {"unweighted": _r2(error, held_out.updates)}


def _r2(error: np.ndarray, values: np.ndarray) -> float:
    power = float(np.sum(np.square(values)))
    return float(1 - np.sum(np.square(error)) / power) if power > 0 else float("nan")


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
