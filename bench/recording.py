"""What a run leaves behind, kept in the carry of the engine's loop so that it costs next to nothing."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from bench.metrics import CAP, LOG_FLOOR


class Carry(NamedTuple):
    """Losses (K + 1, S, C), the last slot a bin for steps that are not recorded; the rest (S, C)."""

    losses: Any
    mean: Any
    mean_log: Any
    best: Any
    diverged: Any
    initial: Any
    latest: Any


class Recorder:
    """Notes losses at `steps` (K,), and over all steps their mean, mean logarithm, minimum and first divergence.

    `every_step`: each step's loss is given and weighs the same. Otherwise losses are given at the recorded steps
    only, and the means are trapezoidal over those.
    """

    def __init__(self, steps: np.ndarray, every_step: bool):
        horizon = int(steps[-1])
        self._size = len(steps) + 1
        self._slots = np.full(horizon + 1, len(steps), "int32")
        self._slots[steps] = np.arange(len(steps))
        self._weights = np.zeros(horizon + 1, "float32")
        self._weights[steps] = np.gradient(steps) if len(steps) > 1 else 1.0
        if every_step:
            self._weights[:] = 1.0
        self._weights /= self._weights.sum()

    def blank(self, seeds: int, configurations: int) -> Carry:
        lead = [seeds, configurations]
        zeros = tf.zeros(lead)
        losses = tf.zeros([self._size, *lead])
        return Carry(losses, zeros, zeros, tf.fill(lead, math.inf), tf.fill(lead, -1), zeros, zeros)

    def due(self, t):
        """Whether step `t` is recorded; scalar bool tensor."""
        return tf.gather(self._weights, t) > 0

    def note(self, carry: Carry, t, losses) -> Carry:
        """Carry after the (S, C) losses of step `t`."""
        initial = tf.where(t == 0, losses, carry.initial)
        ratio = losses / initial
        sound = tf.math.is_finite(ratio) & (ratio <= CAP)
        ratio = tf.where(sound, ratio, CAP)
        weight = tf.gather(self._weights, t)
        fresh = ~sound & (carry.diverged < 0)
        return Carry(
            tf.tensor_scatter_nd_update(carry.losses, [[tf.gather(self._slots, t)]], losses[None]),
            carry.mean + weight * ratio,
            carry.mean_log + weight * tf.math.log(ratio + LOG_FLOOR) / math.log(10.0),
            tf.minimum(carry.best, tf.where(sound, losses, carry.best)),
            tf.where(fresh, t, carry.diverged),
            initial,
            losses,
        )
