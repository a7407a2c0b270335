"""Scikit-learn's bundled data, standardized, points last: constants of the tasks that learn from them.

Nothing is downloaded. Arrays are float32, cached and read-only.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple


class Data(NamedTuple):
    """`inputs`: (features, points); `labels`: one-hot (classes, points), or targets (points,)."""

    inputs: Any
    labels: Any


@functools.cache
def load(name: str) -> Data:
    """ "breast_cancer" | "wine" | "digits" (one-hot classes) or "diabetes" (a standardized target).

    Features are standardized, constant ones to 0; the digits' pixels are divided by 16 instead. Digits and wines are in
    a fixed random order, because scikit-learn's wines come sorted by class.
    """
    import numpy as np
    from sklearn import datasets

    inputs, target = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(target))
    inputs, target = inputs[order], target[order]
    inputs = inputs / 16 if name == "digits" else _standardized(inputs)
    regression = name == "diabetes"
    labels = _standardized(target) if regression else np.eye(target.max() + 1)[:, target]
    return Data(_constant(inputs.T), _constant(labels))


@functools.cache
def rings(points: int, noise: float) -> Data:
    """Two circles, the inner of half the radius (scikit-learn's), labels (points,)."""
    from sklearn.datasets import make_circles

    inputs, labels = make_circles(points, noise=noise, factor=0.5, random_state=0)
    return Data(_constant(inputs.T), _constant(labels))


@functools.cache
def spirals(points: int, noise: float, turns: float = 1.0) -> Data:
    """Two interleaved spirals of `turns` turns in the unit disc, labels (points,) (Lang and Witbrock, 1988)."""
    import numpy as np

    rng = np.random.default_rng(0)
    labels = np.arange(points) % 2
    radius = np.sqrt(rng.uniform(0.01, 1, points))
    angle = 2 * np.pi * turns * radius + np.pi * labels
    inputs = radius * np.stack([np.cos(angle), np.sin(angle)])
    return Data(_constant(inputs + noise * rng.normal(size=inputs.shape)), _constant(labels))


@functools.cache
def moons(points: int, noise: float) -> Data:
    """Scikit-learn's moons, labels (points,)."""
    from sklearn.datasets import make_moons

    inputs, labels = make_moons(points, noise=noise, random_state=0)
    return Data(_constant(inputs.T), _constant(labels))


def _standardized(values):
    deviation = values.std(axis=0)
    return (values - values.mean(axis=0)) / (deviation + (deviation == 0))


def _constant(values):
    array = values.astype("float32")
    array.setflags(write=False)
    return array
