"""What `bench.engine.summaries` keeps, in JAX: for the expert who wants the same recording in the carry."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from bench.scores.metrics import CAP


class Recorded(NamedTuple):
    """Losses (K + 1, S, C), the last slot a bin; the rest (S, C)."""

    losses: Any
    mean: Any
    best: Any
    diverged: Any
    initial: Any


def summaries(recorded: np.ndarray, shape: tuple[int, int]):
    """Blank carry of runs (S, C) = `shape`, and note(carry, t, losses (S, C)) -> carry; `recorded` (K,), 0 … T."""
    horizon, size = int(recorded[-1]), len(recorded)
    slots = np.full(horizon + 1, size, "int32")
    slots[recorded] = np.arange(size)
    table, weight = jnp.asarray(slots), 1.0 / (horizon + 1)
    zeros = jnp.zeros(shape)
    blank = Recorded(jnp.zeros((size + 1, *shape)), zeros, jnp.full(shape, math.inf), jnp.full(shape, -1), zeros)

    def note(carry: Recorded, t, losses) -> Recorded:
        initial = jnp.where(t == 0, losses, carry.initial)
        ratio = losses / initial
        sound = jnp.isfinite(ratio) & (ratio <= CAP)
        ratio = jnp.where(sound, ratio, CAP)
        return Recorded(
            carry.losses.at[table[t]].set(losses),
            carry.mean + weight * ratio,
            jnp.minimum(carry.best, jnp.where(sound, losses, carry.best)),
            jnp.where(~sound & (carry.diverged < 0), t, carry.diverged),
            initial,
        )

    return blank, note
