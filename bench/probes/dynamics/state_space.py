"""The plane in which the visited states lie: principal axes, shares of variance, projections."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SHOWN = 5
"""Principal axes kept."""


class Axes(NamedTuple):
    """Principal axes of states in units of `scale`: mean, scale (n,), axes (p, n) orthonormal, shares (p,); p ≤ 5."""

    mean: np.ndarray
    scale: np.ndarray
    axes: np.ndarray
    shares: np.ndarray

    def project(self, states: np.ndarray) -> np.ndarray:
        """Coordinates (…, p) of states: (…, n)."""
        return ((states - self.mean) / self.scale) @ self.axes.T


def principal_axes(states: np.ndarray, scale: np.ndarray) -> Axes:
    """Of states (M, n); each axis points to the side on which its largest component is positive."""
    mean = states.mean(axis=0)
    if not states.size:
        return Axes(mean, scale, np.zeros((0, states.shape[1])), np.zeros(0))
    _, sizes, axes = np.linalg.svd((states - mean) / scale, full_matrices=False)
    largest = np.argmax(np.abs(axes), axis=1)
    axes = axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]
    powers = sizes**2
    shares = powers / powers.sum() if powers.sum() > 0 else powers
    return Axes(mean, scale, axes[:SHOWN], shares[:SHOWN])
