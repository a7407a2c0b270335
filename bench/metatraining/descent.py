"""One step in θ: gradients clipped, then Adam in NumPy, so that its bits do not depend on a compiler.

The paper's own recipe is `clip_each`, `beta_1`, `beta_2`, `epsilon`, `decay` and `l2` (Maheswaranathan et al., 2021,
released configuration).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from bench.metatraining.settings import Settings
from bench.metatraining.state import State

_WINDOW = 100
"""Norms whose median tells what is usual."""


def norm_of(gradients: Mapping[str, np.ndarray]) -> float:
    """Global Euclidean norm, summed in float64."""
    return float(np.sqrt(sum(np.sum(np.square(g, dtype="float64")) for g in gradients.values())))


def descend(state: State, gradients: Mapping[str, np.ndarray], norm: float, rate: float, settings: Settings) -> State:
    """θ one Adam step of `rate` down gradients of `norm`, clipped before."""
    state = dataclasses.replace(state, norms=[*state.norms[1 - _WINDOW :], norm])
    return _adam(state, _clipped(_penalized(gradients, state, settings), norm, state, settings), rate, settings)


def rate_at(settings: Settings, iteration: int) -> float:
    """Meta learning rate of the iteration that ends as number `iteration`, the first being 1.

    20 iterations of warm-up and a cosine to 1 %, or with `decay` that factor every 1000 iterations from the first on.
    """
    if settings.decay is not None:
        return settings.rate * settings.decay ** ((iteration - 1) / 1000)
    cosine = 0.5 * (1 + np.cos(np.pi * iteration / settings.steps)) * 0.99 + 0.01
    return settings.rate * min(1.0, iteration / 20) * cosine


def _penalized(gradients: Mapping[str, np.ndarray], state: State, settings: Settings) -> Mapping[str, np.ndarray]:
    """Gradients of the meta-loss plus `l2` times the norm of θ."""
    if not settings.l2:
        return gradients
    factor = np.float32(settings.l2 / (norm_of(state.theta) + 1e-12))
    return {name: g + factor * state.theta[name] for name, g in gradients.items()}


def _clipped(gradients: Mapping[str, np.ndarray], norm: float, state: State, settings: Settings):
    """Every element to ± `clip_each`, or all together to the norm min(1, twice the recent median)."""
    if settings.clip_each is not None:
        bound = np.float32(settings.clip_each)
        return {name: np.clip(g, -bound, bound) for name, g in gradients.items()}
    scale = min(1.0, 1.0 / (norm + 1e-12), 2.0 * float(np.median(state.norms)) / (norm + 1e-12))
    return {name: g * np.float32(scale) for name, g in gradients.items()}


def _adam(state: State, gradients: Mapping[str, np.ndarray], rate: float, settings: Settings) -> State:
    """Kingma and Ba, 2015."""
    b1, b2, updates = settings.beta_1, settings.beta_2, state.updates + 1
    theta, first, second = dict(state.theta), dict(state.first), dict(state.second)
    for name, g in gradients.items():
        first[name] = b1 * first[name] + (1 - b1) * g
        second[name] = b2 * second[name] + (1 - b2) * g * g
        mean = first[name] / (1 - b1**updates)
        spread = np.sqrt(second[name] / (1 - b2**updates)) + settings.epsilon
        theta[name] = (theta[name] - rate * mean / spread).astype("float32")
    return dataclasses.replace(state, theta=theta, first=first, second=second, updates=updates)
