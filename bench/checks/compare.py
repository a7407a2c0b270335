"""Nested tensors: what they look like, and how far two of them are apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf


def look(leaf: Any) -> str:
    """Shape and dtype, for a message: `(3, 2) float32`."""
    shape, dtype = getattr(leaf, "shape", None), getattr(leaf, "dtype", None)
    if shape is None or dtype is None:
        return f"a {type(leaf).__name__}"
    return f"{tuple(shape)} {getattr(dtype, 'name', dtype)}"


def looks(nest: Any) -> list[str]:
    return [look(leaf) for leaf in tf.nest.flatten(nest)]


def first(nest: Any, row: int = 0) -> Any:
    """Row `row` of every leaf."""
    return tf.nest.map_structure(lambda leaf: leaf[row], nest)


def same_bits(one: Any, other: Any) -> bool:
    """Whether two nests hold the same numbers bit for bit, NaN equal to NaN."""
    pairs = zip(tf.nest.flatten(one), tf.nest.flatten(other), strict=True)
    return all(np.array_equal(np.asarray(a), np.asarray(b), equal_nan=_floats(a)) for a, b in pairs)


def gap(one: Any, other: Any) -> float:
    """Largest difference of two nests, each leaf's relative to its largest magnitude; inf for a stray NaN.

    Leaves 1e-4 as large as the largest or smaller count as that large: they are sums that cancel to rounding.
    """
    pairs = [(np.asarray(a), np.asarray(b)) for a, b in zip(tf.nest.flatten(one), tf.nest.flatten(other), strict=True)]
    least = 1e-4 * max((_size(leaf) for pair in pairs for leaf in pair), default=0.0)
    return max((_leaf_gap(a, b, least) for a, b in pairs), default=0.0)


def finite(nest: Any) -> bool:
    return all(np.all(np.isfinite(leaf)) for leaf in tf.nest.flatten(nest) if _floats(leaf))


def _floats(leaf: Any) -> bool:
    return np.asarray(leaf).dtype.kind == "f"


def _size(leaf: np.ndarray) -> float:
    if leaf.dtype.kind != "f":
        return 0.0
    return float(np.max(np.abs(leaf[np.isfinite(leaf)]), initial=0.0))


def _leaf_gap(a: np.ndarray, b: np.ndarray, least: float) -> float:
    if a.shape != b.shape or not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return float("inf")
    if a.dtype.kind != "f":
        return 0.0 if np.array_equal(a, b) else float("inf")
    both, size = np.isfinite(a), max(_size(a), _size(b), least)
    return float(np.max(np.abs(a[both] - b[both]), initial=0.0) / size) if size > 0 else 0.0
