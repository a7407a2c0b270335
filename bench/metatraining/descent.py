"""One step in θ: the norm clipped, then Adam in NumPy, so that its bits do not depend on a compiler."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from bench.metatraining.state import State

_WINDOW = 100
"""Norms whose median tells what is usual."""


def norm_of(gradients: Mapping[str, np.ndarray]) -> float:
    """Global Euclidean norm, summed in float64."""
    return float(np.sqrt(sum(np.sum(np.square(g, dtype="float64")) for g in gradients.values())))


def descend(state: State, gradients: Mapping[str, np.ndarray], norm: float, rate: float) -> State:
    """θ one Adam step down gradients of `norm`, first scaled to min(1, twice the recent median)."""
    norms = [*state.norms[1 - _WINDOW :], norm]
    scale = min(1.0, 1.0 / (norm + 1e-12), 2.0 * float(np.median(norms)) / (norm + 1e-12))
    scaled = {name: g * np.float32(scale) for name, g in gradients.items()}
    return _adam(dataclasses.replace(state, norms=norms), scaled, rate)


def rate_at(rate: float, iteration: int, steps: int) -> float:
    """Meta learning rate of the iteration that ends as number `iteration`: 20 of warm-up, a cosine to 1 %."""
    cosine = 0.5 * (1 + np.cos(np.pi * iteration / steps)) * 0.99 + 0.01
    return rate * min(1.0, iteration / 20) * cosine


def _adam(state: State, gradients: Mapping[str, np.ndarray], rate: float) -> State:
    """Kingma and Ba, 2015, β = (0.9, 0.99)."""
    updates = state.updates + 1
    theta, first, second = dict(state.theta), dict(state.first), dict(state.second)
    for name, g in gradients.items():
        first[name] = 0.9 * first[name] + 0.1 * g
        second[name] = 0.99 * second[name] + 0.01 * g * g
        mean = first[name] / (1 - 0.9**updates)
        spread = np.sqrt(second[name] / (1 - 0.99**updates)) + 1e-8
        theta[name] = (theta[name] - rate * mean / spread).astype("float32")
    return dataclasses.replace(state, theta=theta, first=first, second=second, updates=updates)
