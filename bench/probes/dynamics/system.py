"""An optimizer as a dynamical system: (state h, gradient g) → (state h', update dx), in float64 NumPy.

A component-wise optimizer is one small system per parameter, so everything the probes ask can be asked of the system of
a single scalar parameter. Derivatives are central differences: unlike autodiff they cannot be misled by a
stop-gradient, and repeating them with larger steps shows where an optimizer has no derivative at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

DIFFERENCE = 1e-5
"""Difference step, relative to the scale of what is varied: 1e-10 of truncation, 1e-11 of rounding."""
STILL = 1e-12
"""Change of a state in a step that is none, relative to its largest number."""
ZOOMS = (1.0, 10.0, 100.0)
"""Factors on the difference step over which a derivative has to be the same."""


class ProbeError(ValueError):
    """This optimizer, or this material, cannot be read; the text says why."""


class Jacobian(NamedTuple):
    """h' ≈ J h + B g and dx ≈ C h + D g, up to constants. Leading axes as in the states asked for."""

    J: np.ndarray  # (…, n, n)
    B: np.ndarray  # (…, n)
    C: np.ndarray  # (…, n)
    D: np.ndarray  # (…,)


@dataclass(frozen=True)
class System:
    """`function(h: (N, n), g: (N,), t) -> (h': (N, n), dx: (N,))` and the initial state h0: (n,).

    state_scale: (n,) and gradient_scale say what a large state and gradient are; they set the difference steps.
    """

    function: Callable[[np.ndarray, np.ndarray, int], tuple[np.ndarray, np.ndarray]]
    h0: np.ndarray
    state_scale: np.ndarray = field(default_factory=lambda: np.zeros(0))
    gradient_scale: float = 1.0
    path: Callable | None = None
    """Compiled `rollout(h, gradients, t, stride)`, the step count being t + stride i; else a Python loop."""
    held: Callable | None = None
    """Compiled `hold(h, g, t, steps)`; else a Python loop."""

    def __post_init__(self):
        h0 = np.asarray(self.h0, float).reshape(-1)
        object.__setattr__(self, "h0", h0)
        if len(self.state_scale) != len(h0):
            object.__setattr__(self, "state_scale", np.ones(len(h0)))

    def scaled(self, states: np.ndarray, gradient_scale: float) -> System:
        """The same system, difference steps set by visited states: (M, n) and a typical |gradient|."""
        size = np.sqrt(np.mean(np.square(states), axis=0)) if len(states) else np.zeros(len(self.h0))
        scale = np.where(np.isfinite(size) & (size > 0), size, 1.0)
        return replace(self, state_scale=scale, gradient_scale=float(gradient_scale))

    def step(self, h: np.ndarray, g: Any, t: int) -> tuple[np.ndarray, np.ndarray]:
        """One step of N parameters at once; g: (N,) or a scalar; t: step count, the same for all."""
        h = np.asarray(h, float)
        g = np.broadcast_to(np.asarray(g, float), h.shape[:1])
        with np.errstate(all="ignore"):
            after, dx = self.function(h, g, t)
        return np.asarray(after, float).reshape(h.shape), np.asarray(dx, float).reshape(g.shape)

    def rollout(self, h: np.ndarray, gradients: np.ndarray, t: int = 0, frozen: bool = False):
        """States (T + 1, N, n) and updates (T, N) from h: (N, n) under gradients: (T, N).

        `frozen` keeps the step count at t.
        """
        h, gradients = np.asarray(h, float), np.asarray(gradients, float)
        stride = 0 if frozen else 1
        if self.path is not None and len(gradients):
            return self.path(h, gradients, t, stride)
        states, updates = [h], []
        for i, g in enumerate(gradients):
            after, dx = self.step(states[-1], g, t + stride * i)
            states.append(after)
            updates.append(dx)
        return np.array(states), np.array(updates).reshape(gradients.shape)

    def relax(self, h: np.ndarray, g: Any, t: int, steps: int = 500) -> np.ndarray:
        """States (N, n) after `steps` steps of constant gradient g at the frozen step count t."""
        gradients = np.broadcast_to(np.asarray(g, float), (steps, len(h)))
        return self.rollout(h, gradients, t, frozen=True)[0][-1]

    def hold(self, h: np.ndarray, g: np.ndarray, t: int, steps: int) -> np.ndarray:
        """States (N, n) after `steps` steps of constant gradients g: (N,) at the frozen step count t, from h: (N, n).

        Only the last is kept, so this can be long; it ends early where a step changes nothing (by STILL).
        """
        h, g = np.asarray(h, float), np.asarray(g, float)
        if not h.size:
            return h
        if self.held is not None:
            return self.held(h, g, t, steps)
        for _ in range(steps):
            before, h = h, self.step(h, g, t)[0]
            if not np.any(np.abs(h - before) > STILL * np.max(np.abs(before), axis=1, keepdims=True)):
                break
        return h

    def jacobian(self, h: np.ndarray, g: Any, t: int, zoom: float = 1.0) -> Jacobian:
        """Central differences at h: (n,) or (N, n), g: scalar or (N,); `zoom` enlarges their steps.

        One-sided where the other side is not a number (a sum of squares displaced below zero).
        """
        rows = np.atleast_2d(np.asarray(h, float))
        count, n = rows.shape
        g = np.broadcast_to(np.asarray(g, float), (count,))
        width = np.concatenate(
            [
                zoom * DIFFERENCE * np.maximum(np.abs(rows), self.state_scale),
                np.full((count, 1), zoom * DIFFERENCE * self.gradient_scale),
            ],
            axis=1,
        )
        points = np.concatenate([rows, g[:, None]], axis=1)[:, None] + _stencil(width)
        flat = points.reshape(-1, n + 1)
        after, dx = self.step(flat[:, :n], flat[:, n], t)
        joint = np.concatenate([after, dx[:, None]], axis=1).reshape(count, 2 * n + 3, n + 1)
        slopes = _slopes(joint, width[..., None])
        of_state, of_update = slopes[..., :n], slopes[..., n]
        whole = Jacobian(of_state[:, :n].swapaxes(1, 2), of_state[:, n], of_update[:, :n], of_update[:, n])
        return whole if np.ndim(h) == 2 else Jacobian(*(part[0] for part in whole))


def _stencil(width: np.ndarray) -> np.ndarray:
    """Displacements (N, 2 n + 3, n + 1): plus each width: (N, n + 1), minus each width, none."""
    plus = width[:, :, None] * np.eye(width.shape[1])
    return np.concatenate([plus, -plus, np.zeros_like(plus[:, :1])], axis=1)


def _slopes(values: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Slopes (N, n + 1, m) from values: (N, 2 n + 3, m) at the points of `_stencil`."""
    half = values.shape[1] // 2
    plus, minus, middle = values[:, :half], values[:, half:-1], values[:, -1:]
    with np.errstate(all="ignore"):
        central = (plus - minus) / (2 * width)
        forward, backward = (plus - middle) / width, (middle - minus) / width
    one_sided = np.where(np.isfinite(forward), forward, backward)
    return np.where(np.isfinite(central), central, one_sided)
