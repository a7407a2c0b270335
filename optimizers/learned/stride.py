"""Strides: a learned log-step per tensor that is added up over the run, and a direction per parameter.

For a tensor a small recurrent network sees how its gradients agree with its moves, how much of them is noise, how large
a step is beside the tensor and how long the run is. It says how the log-step s changes, which momenta are mixed and
what they are divided by; a tiny network per parameter adds to the mixture:

    s ← s + pace · tanh(w · [h, x] + b);   Δ = −exp(s) · Σ_k (c_k + e_k) m̂_k / Π_j v_j^(a_j / 2),   Σ_j a_j = 1

m̂_k: momenta at three decays, and the gradient. v_j: two second moments of the parameter and two of its tensor. Since
the a_j sum to 1 the gradient's scale cancels, whatever they are. The step is a product of learned factors, so that no
constant bounds how far it reaches; it starts at a share of the tensor's own size. Flipping a parameter flips its moves.

After the ideas of RNNProp (Lv, Jiang and Li, 2017), of hierarchical networks per tensor (VeLO, Metz et al., 2022) and
of hypergradients (Baydin et al., 2018).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizers.base import Optimizer
from optimizers.learned import cells, tensorwise
from optimizers.learned.blocks import Blocks
from optimizers.learned.rows import cast, float32
from optimizers.learned.settings import check_positive, check_whole
from optimizers.learned.tensorwise import MOMENTA, SEEN, SQUARES

_FLOOR = 0.01
"""Size of a tensor that starts at zero in a problem that starts at zero."""
_FARTHEST = 60.0
"""Bound of |s|, e^60 = 1e26, so that no float32 overflows."""
_SHOWN = 5
"""What the network of a parameter sees."""
_MIXED = len(MOMENTA) + 1
_DIVISORS = 2 * len(SQUARES)


@dataclass(frozen=True)
class Stride:
    """`units` of the network of a tensor, `hidden` of that of a parameter.

    `pace`: the most that s changes in a step. `up`: the most that it grows, so that a step is at most e^up times the
    one before; None: `pace`. `start`: a factor of the first step that θ says.
    """

    units: int = 12
    hidden: int = 8
    pace: float = 0.5
    up: float | None = None
    start: float = 1.0

    def __post_init__(self):
        check_whole("units", self.units)
        check_whole("hidden", self.hidden)
        for name, value in (("pace", self.pace), ("up", self._up), ("start", self.start)):
            check_positive(name, value)

    @property
    def _up(self) -> float:
        return self.pace if self.up is None else self.up

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Untrained θ, float32: Adam with steps of 2 % of a tensor's size, slightly longer where moves agree."""
        rng = np.random.Generator(np.random.Philox(seed))
        n, k = self.units, self.hidden
        longer = np.zeros(SEEN)
        longer[0] = -0.1
        return float32(
            {
                "kernel": rng.normal(size=(SEEN, 3 * n)) / np.sqrt(SEEN),
                "recurrent": cells.orthogonal(rng, n, 3),
                "bias": cells.opened(cells.GRU, n),
                "recurrent_bias": np.zeros(n),
                "first": np.log([0.02]),
                "longer_seen": longer,
                "longer_state": np.zeros(n),
                "longer_bias": np.zeros(1),
                "mixed_state": np.zeros((n, _MIXED)),
                "mixed_bias": np.array([0.0, 0.0, 1.0, 0.0]),
                "divisor_state": np.zeros((n, _DIVISORS)),
                "divisor_bias": np.array([0.0, 3.0, 0.0, 0.0]),
                "each_kernel": rng.normal(size=(k, _SHOWN)) / np.sqrt(_SHOWN),
                "each_state": np.zeros((n, k)),
                "each_bias": 0.1 * rng.normal(size=k),
                "each_mixed": np.zeros((_MIXED, k)),
            }
        )

    def build(self, theta: Mapping[str, Any]) -> Optimizer:
        """State: of a parameter 3 momenta and 2 second moments; of a tensor s, h, 4 mean squares and the last move of
        at most a thousand of its parameters.
        """
        import tensorflow as tf

        def init(params):
            blocks = Blocks(params)
            flat, size = blocks.gather(params), tensorwise.sizes(params, _FLOOR)
            log_step = tf.math.log(self.start * size) + tf.cast(theta["first"], size.dtype)
            hidden = tf.zeros([size.shape[0], self.units], size.dtype)
            return log_step, hidden, tensorwise.start(blocks, flat, size)

        def update(gradients, state, params, step):
            blocks = Blocks(params)
            g, flat = blocks.gather(gradients), blocks.gather(params)
            weights, count = cast(theta, g[0].dtype), tf.cast(step, g[0].dtype) + 1.0
            log_step, hidden, old = state
            seen = tensorwise.see(blocks, g, flat, old, log_step, count)
            hidden = cells.gru(weights, seen.shown, hidden)
            longer = self.pace * tf.tanh(
                tf.linalg.matvec(seen.shown, weights["longer_seen"])
                + tf.linalg.matvec(hidden, weights["longer_state"])
                + weights["longer_bias"]
            )
            log_step = tf.clip_by_value(log_step + tf.minimum(longer, self._up), -_FARTHEST, _FARTHEST)
            told = _told(weights, hidden, log_step, seen.log_tensor)
            moves = [_move(weights, blocks.spread(told, i), g[i], seen.state, i, count) for i in range(len(g))]
            moved = [blocks.look(move, i) for i, move in enumerate(moves)]
            return blocks.scatter(moves, gradients), (log_step, hidden, seen.state._replace(moved=moved))

        return Optimizer(init, update)


def _told(theta, hidden, log_step, log_tensor):
    """What a tensor tells its parameters, (tensors, k): the length of a step, log mean square of its gradients, shares
    of second moments, coefficients of momenta, and what is added to the units of a parameter.
    """
    import tensorflow as tf

    share = tf.nn.softmax(tf.matmul(hidden, theta["divisor_state"]) + theta["divisor_bias"], axis=1)
    own, whole = share[:, : len(SQUARES)], share[:, len(SQUARES) :]
    length = tf.exp(log_step - 0.5 * tf.reduce_sum(whole * tf.stack(log_tensor, 1), 1))
    common = tf.matmul(hidden, theta["mixed_state"]) + theta["mixed_bias"]
    shift = tf.matmul(hidden, theta["each_state"]) + theta["each_bias"]
    return tf.concat([length[:, None], log_tensor[1][:, None], own, common, shift], 1)


def _move(theta, told, g, state, block: int, count):
    """Mixed momenta over the geometric mean of second moments, (rows,). Sums are written out: one compiled loop."""
    import tensorflow as tf

    length, log_tensor, fast, slow = told[:4]
    common, shift = told[4 : 4 + _MIXED], told[4 + _MIXED :]
    squares = tensorwise.safe([v[block] for v in state.squares], count)
    log_each = [tf.math.log(v) for v in squares]
    scale = tf.math.rsqrt(squares[1])
    momenta = tensorwise.unbiased(MOMENTA, [m[block] for m in state.momenta], count)
    each = tensorwise.each_of(g * scale, [m * scale for m in momenta], log_each, log_tensor)
    kernel, readout = theta["each_kernel"], theta["each_mixed"]
    units = [tf.nn.relu(_dot(kernel[j], each) + added) for j, added in enumerate(shift)]
    mixed = sum((c + _dot(readout[k], units)) * m for k, (c, m) in enumerate(zip(common, [g, *momenta], strict=True)))
    return -length * mixed * tf.exp(-0.5 * (fast * log_each[0] + slow * log_each[1]))


def _dot(weights, vectors):
    return sum(weights[i] * vector for i, vector in enumerate(vectors))
