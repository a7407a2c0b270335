"""The component-wise RNN: every scalar parameter is updated by the same small network from its own gradient.

    h' = cell(input(input_scale · g), h);  x' = x + output_scale · (w·h' + v)

Maheswaranathan et al., 2021, after Andrychowicz et al., 2016. The cell is the only difference between `gru`, `lstm`,
`vanilla` and `ugrnn`. The initial state is part of θ: it is what lets a schedule be learned.

The paper's own form, 256 units with the reset gate before the product and everything drawn from N(0, 1/256), is
`gru[units=256,reset=before,draw=normal,input=raw,output_scale=1.0]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from optimizers.base import Optimizer
from optimizers.learned import cells
from optimizers.learned.inputs import INPUTS, show, width
from optimizers.learned.rows import cast, float32, repeated, rows, unrows
from optimizers.learned.settings import check_option, check_positive, check_whole


@dataclass(frozen=True)
class Rnn:
    """`input`: how the network sees input_scale · g (inputs.py); a sensible first step is ~ `output_scale`."""

    CELL: ClassVar[cells.RecurrentCell]

    units: int = 32
    input: str = "asinh"
    input_scale: float = 1.0
    output_scale: float = 0.05

    def __post_init__(self):
        check_option("input", self.input, INPUTS)
        check_whole("units", self.units)
        check_positive("input_scale", self.input_scale)
        check_positive("output_scale", self.output_scale)

    @property
    def cell(self) -> cells.RecurrentCell:
        """What one step of the network is."""
        return self.CELL

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Untrained θ, float32: U orthogonal per gate, W ~ N(0, 1), keep gates open, readout zero (no-op)."""
        rng = np.random.Generator(np.random.Philox(seed))
        n, shape = self.units, self._kernel_shape()
        recurrent = cells.orthogonal(rng, n, self.cell.gates)
        weights = {"kernel": rng.normal(size=shape), "recurrent": recurrent, "bias": cells.opened(self.cell, n)}
        return float32({**weights, **self._at_rest()})

    def build(self, theta: Mapping[str, Any]) -> Optimizer:
        """State (parameters, units), of the LSTM a pair of them, in the dtype of the parameters."""
        import tensorflow as tf

        def init(params):
            h = repeated(params, theta["initial_state"])
            return (h, repeated(params, theta["initial_cell"])) if self.cell.pair else h

        def update(gradients, state, params, step):
            g = rows(gradients)
            weights = cast(theta, g.dtype)
            state = self.cell.step(weights, show(self.input, g * self.input_scale), state)
            h = state[0] if self.cell.pair else state
            moves = self.output_scale * (tf.linalg.matvec(h, weights["readout"]) + weights["offset"])
            return unrows(moves, gradients), state

        return Optimizer(init, update)

    def _kernel_shape(self) -> tuple[int, ...]:
        columns, inputs = self.cell.gates * self.units, width(self.input)
        return (columns,) if inputs == 1 else (inputs, columns)

    def _at_rest(self) -> dict[str, np.ndarray]:
        """What starts at zero: the initial state and the readout."""
        n = self.units
        states = ("initial_state", "initial_cell") if self.cell.pair else ("initial_state",)
        return {**{name: np.zeros(n) for name in states}, "readout": np.zeros(n), "offset": np.zeros(1)}


@dataclass(frozen=True)
class Gru(Rnn):
    """`reset`: after or before the matrix product. `draw`: orthogonal, or normal as in the paper."""

    reset: str = "after"
    draw: str = "orthogonal"

    def __post_init__(self):
        super().__post_init__()
        check_option("reset", self.reset, ("after", "before"))
        check_option("draw", self.draw, ("orthogonal", "normal"))

    @property
    def cell(self) -> cells.RecurrentCell:
        """The step that `reset` names."""
        return cells.GRU if self.reset == "after" else cells.GRU_RESET_BEFORE

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """As Rnn's; `draw=normal`: U and W ~ N(0, 1 / units), all else zero (Maheswaranathan et al., 2021)."""
        theta = super().initial(seed)
        if self.draw == "normal":
            rng = np.random.Generator(np.random.Philox(seed))
            for name in ("kernel", "recurrent"):
                theta[name] = rng.normal(size=theta[name].shape) / np.sqrt(self.units)
            theta["bias"] = np.zeros(3 * self.units)
        return float32(theta)

    def _at_rest(self):
        after = {"recurrent_bias": np.zeros(self.units)} if self.reset == "after" else {}
        return {**after, **super()._at_rest()}


@dataclass(frozen=True)
class Lstm(Rnn):
    """Long short-term memory; the forget gate's bias starts at 1."""

    CELL = cells.LSTM


@dataclass(frozen=True)
class Vanilla(Rnn):
    """The plain tanh network."""

    CELL = cells.VANILLA


@dataclass(frozen=True)
class Ugrnn(Rnn):
    """The update-gate network."""

    CELL = cells.UGRNN
