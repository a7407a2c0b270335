"""Learning to learn by gradient descent by gradient descent (Andrychowicz et al., 2016): the coordinate-wise LSTM.

Two layers of 20 units see the logarithm and the sign of the gradient (their appendix A, p = 10), and their output is
times 0.1. Unlike theirs, meta-training here keeps the second derivatives that they drop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizers.base import Optimizer
from optimizers.learned import stack
from optimizers.learned.inputs import log_and_sign
from optimizers.learned.rows import cast, float32, rows, unrows
from optimizers.learned.settings import check_positive, check_whole


@dataclass(frozen=True)
class L2l:
    """`precision`, p: gradients below e⁻ᵖ are shown linearly. A sensible first step is ~ `output_scale`."""

    units: int = 20
    layers: int = 2
    precision: float = 10.0
    input_scale: float = 1.0
    output_scale: float = 0.1

    def __post_init__(self):
        for name in ("units", "layers"):
            check_whole(name, getattr(self, name))
        for name in ("precision", "input_scale", "output_scale"):
            check_positive(name, getattr(self, name))

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Untrained θ, float32, as stack.initial draws it."""
        rng = np.random.Generator(np.random.Philox(seed))
        return float32(stack.initial(rng, 2, self.units, self.layers))

    def build(self, theta: Mapping[str, Any]) -> Optimizer:
        """State: (h, c) of every layer, each (parameters, units), in the dtype of the parameters."""

        def init(params):
            return stack.start(params, self.units, self.layers)

        def update(gradients, state, params, step):
            g = rows(gradients)
            shown = log_and_sign(g * self.input_scale, self.precision)
            moves, state = stack.step(cast(theta, g.dtype), shown, state)
            return unrows(self.output_scale * moves, gradients), state

        return Optimizer(init, update)
