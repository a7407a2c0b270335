"""The update as a learned weighted sum of past gradients and, if wanted, past updates.

    x' = x + u(t);  u(t) = output_scale · Σ_{i<memory} w_i g(t − i) + Σ_{j≤past_updates} a_j u(t − j)

A control after the paper's own code (Maheswaranathan et al., 2021): without past updates a finite impulse response,
with them a recursive filter, of which heavy-ball momentum is w_0 = −α, a_1 = β.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizers.base import Optimizer
from optimizers.learned.rows import cast, float32, repeated, rows, unrows
from optimizers.learned.settings import check_positive, check_whole


@dataclass(frozen=True)
class Linear:
    """`memory`: gradients seen, the current one included. `past_updates`: updates seen, 0 for none."""

    memory: int = 20
    past_updates: int = 0
    output_scale: float = 1.0

    def __post_init__(self):
        check_whole("memory", self.memory)
        check_whole("past_updates", self.past_updates, least=0)
        check_positive("output_scale", self.output_scale)

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Untrained θ, float32: all weights zero (no-op), whatever the seed."""
        theta = {"gradients": np.zeros(self.memory)}
        if self.past_updates:
            theta["updates"] = np.zeros(self.past_updates)
        return float32(theta)

    def build(self, theta: Mapping[str, Any]) -> Optimizer:
        """State: the last gradients (parameters, memory) and updates (parameters, past_updates), newest first."""
        import tensorflow as tf

        def init(params):
            sizes = {"gradients": self.memory, "updates": self.past_updates}
            return {name: repeated(params, np.zeros(n)) for name, n in sizes.items() if n}

        def update(gradients, state, params, step):
            g = rows(gradients)
            weights = cast(theta, g.dtype)
            seen = {"gradients": _pushed(state["gradients"], g)}
            moves = self.output_scale * tf.linalg.matvec(seen["gradients"], weights["gradients"])
            if self.past_updates:
                moves += tf.linalg.matvec(state["updates"], weights["updates"])
                seen["updates"] = _pushed(state["updates"], moves)
            return unrows(moves, gradients), seen

        return Optimizer(init, update)


def _pushed(history, newest):
    """History (rows, n), newest first, with `newest` (rows,) put in front and the oldest dropped."""
    import tensorflow as tf

    kept, _ = tf.split(history, [int(history.shape[1]) - 1, 1], axis=1)
    return tf.concat([newest[:, None], kept], axis=1)
