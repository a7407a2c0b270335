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
from optimizers.learned.rows import cast, float32, rows, unrows
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

    `pace`: the most that s changes in a step; a step grows by at most e^pace.
    """

    units: int = 12
    hidden: int = 8
    pace: float = 0.5

    def __post_init__(self):
        check_whole("units", self.units)
        check_whole("hidden", self.hidden)
        check_positive("pace", self.pace)

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
        """State: of a parameter 3 momenta, 2 second moments and its last move; of a tensor s, h and 4 mean squares."""
        import tensorflow as tf

        def init(params):
            flat = rows(params)
            size = tensorwise.sizes(params, _FLOOR)
            log_step = tf.math.log(size) + tf.cast(theta["first"], flat.dtype)
            hidden = tf.zeros([size.shape[0], self.units], flat.dtype)
            return log_step, hidden, tensorwise.start(flat, size)

        def update(gradients, state, params, step):
            g, flat = rows(gradients), rows(params)
            weights = cast(theta, g.dtype)
            log_step, hidden, seen = state
            leaves = tensorwise.Leaves(params)
            seen = tensorwise.see(leaves, g, flat, seen, log_step, step)
            hidden = cells.gru(weights, seen.shown, hidden)
            log_step = log_step + self.pace * tf.tanh(
                tf.linalg.matvec(seen.shown, weights["longer_seen"])
                + tf.linalg.matvec(hidden, weights["longer_state"])
                + weights["longer_bias"]
            )
            log_step = tf.clip_by_value(log_step, -_FARTHEST, _FARTHEST)
            move = -leaves.spread(tf.exp(log_step)) * _direction(weights, leaves, hidden, seen)
            return unrows(move, gradients), (log_step, hidden, seen.state._replace(moved=move))

        return Optimizer(init, update)


def _direction(theta, leaves, hidden, seen):
    """Mixed momenta over the geometric mean of second moments, (rows,)."""
    import tensorflow as tf

    share = tf.nn.softmax(tf.matmul(hidden, theta["divisor_state"]) + theta["divisor_bias"], axis=1)
    shares = tf.unstack(share, axis=1)
    own, whole = shares[: len(SQUARES)], shares[len(SQUARES) :]
    of_tensor = sum(a * log for a, log in zip(whole, seen.log_tensor, strict=True))
    log_square = leaves.spread(of_tensor)
    for a, log in zip(own, seen.log_each, strict=True):
        log_square += leaves.spread(a) * log
    shift = leaves.spread(tf.matmul(hidden, theta["each_state"]) + theta["each_bias"])
    units = tf.nn.relu(tf.matmul(theta["each_kernel"], tf.stack(seen.each)) + tf.transpose(shift))
    extra = tf.unstack(tf.matmul(theta["each_mixed"], units))
    common = tf.unstack(tf.matmul(hidden, theta["mixed_state"]) + theta["mixed_bias"], axis=1)
    mixed = sum((leaves.spread(c) + e) * m for c, e, m in zip(common, extra, seen.momenta, strict=True))
    return mixed * tf.exp(-0.5 * log_square)
