"""A component-wise optimizer over rows: all parameters of a problem as one vector, its state as one matrix.

What `bench.probes` packs of one parameter is a row here, so that its fixed points and Jacobians fit. A leaf of the
state is per parameter when it grows with their number; one that does not is the same for all (the first row's). Integer
leaves count steps and are made from the step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from bench.probes.dynamics.system import ProbeError
from optimizers import Optimizer


class Leaf(NamedTuple):
    """One leaf of the state of one parameter; `axis`: that of the parameters, None if it is the same for all.

    `stride`: its change per step, None for floats.
    """

    value: np.ndarray
    axis: int | None
    stride: Any

    @property
    def width(self) -> int:
        """Floats of a row."""
        return 0 if self.stride is not None else math.prod(self.value.shape)


@dataclass(frozen=True)
class RowLayout:
    """How rows (R, n) become the state of an optimizer with R parameters, and back."""

    optimizer: Optimizer
    structure: Any
    leaves: tuple[Leaf, ...]

    @classmethod
    def of(cls, optimizer: Optimizer) -> RowLayout:
        """Raises ProbeError for a state that is neither per parameter nor shared by all."""
        one, two = (optimizer.init(tf.zeros((n,))) for n in (1, 2))
        _, after = optimizer.update(tf.constant([0.3]), one, tf.zeros((1,)), tf.constant(0))
        flat = [[np.asarray(leaf) for leaf in tf.nest.flatten(state)] for state in (one, two, after)]
        return cls(optimizer, one, tuple(_leaf(*each) for each in zip(*flat, strict=True)))

    def step(self, h, g, params, t):
        """Next rows (R, n) and updates (R,) from rows, gradients (R,), parameters (R,) and the step count."""
        updates, state = self.optimizer.update(g, self._unpacked(h, t), params, t)
        return self._packed(state, h), updates

    def _unpacked(self, h, t):
        made, place = [], 0
        for leaf in self.leaves:
            columns = h[:, place : place + leaf.width]
            if leaf.stride is not None:
                made.append(self._count(leaf, t))
            elif leaf.axis is not None:
                made.append(
                    _moved(tf.reshape(columns, [h.shape[0], *np.delete(leaf.value.shape, leaf.axis)]), leaf.axis)
                )
            else:
                made.append(tf.reshape(columns[0], leaf.value.shape))
            place += leaf.width
        return tf.nest.pack_sequence_as(self.structure, made)

    def _count(self, leaf: Leaf, t):
        if leaf.value.dtype == bool:
            return tf.constant(leaf.value)
        return tf.constant(leaf.value) + tf.cast(t, leaf.value.dtype) * tf.constant(leaf.stride)

    def _packed(self, state, h):
        rows, kept = h.shape[0], []
        for leaf, value in zip(self.leaves, tf.nest.flatten(state), strict=True):
            if leaf.stride is None and leaf.axis is not None:
                kept.append(tf.reshape(_moved(tf.cast(value, h.dtype), leaf.axis, back=True), [rows, leaf.width]))
            elif leaf.stride is None:
                kept.append(tf.repeat(tf.reshape(tf.cast(value, h.dtype), [1, -1]), rows, axis=0))
        return tf.concat(kept, 1) if kept else h


def _moved(value, axis: int, *, back: bool = False):
    """`value` with its first axis at `axis`, or back."""
    order = [*range(1, value.shape.rank)]
    order.insert(axis, 0)
    return tf.transpose(value, np.argsort(order) if back else order)


def _leaf(one: np.ndarray, two: np.ndarray, after: np.ndarray) -> Leaf:
    if not np.issubdtype(one.dtype, np.floating):
        stride = after ^ one if one.dtype == bool else after - one
        return Leaf(one, None, stride)
    if one.shape == two.shape:
        return Leaf(one, None, None)
    grown = [axis for axis in range(one.ndim) if (one.shape[axis], two.shape[axis : axis + 1]) == (1, (2,))]
    if len(grown) == 1 and two.size == 2 * one.size:
        return Leaf(one, grown[0], None)
    raise ProbeError(f"its state of shape {two.shape} for 2 parameters and {one.shape} for 1 is not per parameter")
