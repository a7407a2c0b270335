"""What `stride` sees of tensors and of their parameters; none of it changes with the scale of the loss.

Parameters of all tensors are one vector (rows,); numbers of tensors are (tensors,), and `Leaves` goes between them.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

MOMENTA = (0.5, 0.9, 0.99)
SQUARES = (0.9, 0.99)
_TINY = 1e-24
"""Added to squares of gradients: 1e-12 of the gradient, below which its scale shows."""
_OWN = 9
SEEN = 2 * _OWN + 4
"""Numbers a tensor shows: its own and their mean over tensors, without logarithms of size and time twice."""


class Statistics(NamedTuple):
    """Momenta and second moments (rows,) each, the last move (rows,), mean squares of tensors (tensors,)."""

    momenta: tuple
    squares: tuple
    moved: Any
    tensor_squares: tuple
    first_square: Any


class Seen(NamedTuple):
    """`shown`: (tensors, SEEN). `each`: what a parameter shows, (rows,) each. Momenta without bias, gradient first."""

    shown: Any
    each: tuple
    momenta: tuple
    log_each: tuple
    log_tensor: tuple
    state: Statistics


class Leaves:
    """The tensors of parameters, as parts of one vector."""

    def __init__(self, params: Any):
        import tensorflow as tf

        self.counts = [math.prod(leaf.shape) for leaf in tf.nest.flatten(params)]

    def spread(self, numbers):
        """(tensors, …) -> (rows, …): every parameter has its tensor's."""
        import tensorflow as tf

        parts = zip(tf.unstack(numbers), self.counts, strict=True)
        return tf.concat([tf.broadcast_to(part, [count, *part.shape]) for part, count in parts], 0)

    def products(self, vectors):
        """Mean products of all pairs of vectors (rows,) within a tensor: (k, k, tensors)."""
        import tensorflow as tf

        stacked = tf.stack(vectors)
        parts = zip(tf.split(stacked, self.counts, axis=1), self.counts, strict=True)
        return tf.stack([tf.matmul(part, part, transpose_b=True) / count for part, count in parts], 2)


def sizes(params, floor: float):
    """(tensors,): root mean squares of tensors and, to a third, of all parameters together; of zeros `floor`."""
    import tensorflow as tf

    leaves = tf.nest.flatten(params)
    own = tf.stack([tf.reduce_mean(tf.square(leaf)) for leaf in leaves])
    counts = tf.constant([math.prod(leaf.shape) for leaf in leaves], own.dtype)
    together = tf.reduce_sum(own * counts) / tf.reduce_sum(counts)
    return tf.sqrt(own + 0.1 * together + floor**2)


def start(flat, size) -> Statistics:
    """All zero."""
    import tensorflow as tf

    zero, none = tf.zeros_like(flat), tf.zeros_like(size)
    return Statistics((zero,) * len(MOMENTA), (zero,) * len(SQUARES), zero, (none,) * len(SQUARES), none)


def see(leaves: Leaves, g, flat, old: Statistics, log_step, step) -> Seen:
    """What gradients g (rows,) at parameters `flat` show, after `old` and moves of exp(log_step)."""
    import tensorflow as tf

    count = tf.cast(step, g.dtype) + 1.0
    first_share = [1.0 - tf.pow(tf.cast(beta, g.dtype), count) for beta in MOMENTA]
    second_share = [1.0 - tf.pow(tf.cast(beta, g.dtype), count) for beta in SQUARES]
    before = [1.0 - tf.pow(tf.cast(beta, g.dtype), count - 1.0) + 1e-6 for beta in MOMENTA]
    squares = tuple(beta * v + (1.0 - beta) * g * g for beta, v in zip(SQUARES, old.squares, strict=True))
    momenta = tuple(beta * m + (1.0 - beta) * g for beta, m in zip(MOMENTA, old.momenta, strict=True))
    log_each = tuple(tf.math.log(v / share + _TINY) for v, share in zip(squares, second_share, strict=True))
    scale = tf.exp(-0.5 * log_each[1])
    near = g * scale
    past = [m / share * scale for m, share in zip(old.momenta, before, strict=True)]
    products = leaves.products([g, old.moved, flat, near, *past])
    square = products[0, 0]
    tensor_squares = tuple(
        beta * v + (1.0 - beta) * square for beta, v in zip(SQUARES, old.tensor_squares, strict=True)
    )
    first_square = tf.where(tf.equal(step, 0), square, old.first_square)
    log_tensor = tuple(tf.math.log(v / share + _TINY) for v, share in zip(tensor_squares, second_share, strict=True))
    log_square = tf.math.log(square + _TINY)
    agreement = [_cosine(products, 0, 1, _TINY), *(_cosine(products, 3, 4 + k, 1e-8) for k in range(len(MOMENTA)))]
    logs = [
        log_tensor[0] - log_tensor[1],
        log_square - log_tensor[0],
        log_square - tf.math.log(first_square + _TINY),
        tf.math.log(products[5, 5] + 1e-4),
        2.0 * log_step - tf.math.log(products[2, 2] + 1e-12),
    ]
    own = tf.stack([*agreement, *(0.2 * tf.clip_by_value(x, -20.0, 20.0) for x in logs)], 1)
    everywhere = tf.zeros_like(own) + tf.reduce_mean(own, 0, keepdims=True)
    sizes = tf.constant([[0.1 * math.log(count)] for count in leaves.counts], g.dtype)
    times = tf.stack([tf.math.log(count) / 5.0, 1.0 / count, tf.exp(-count / 10.0)])
    shown = tf.concat([own, everywhere, sizes, tf.zeros([len(leaves.counts), 3], g.dtype) + times], 1)
    unbiased = tuple(m / share for m, share in zip(momenta, first_share, strict=True))
    now = [m * scale for m in unbiased]
    each = (
        tf.clip_by_value(0.5 * (log_each[0] - log_each[1]), -5.0, 5.0),
        tf.clip_by_value(0.2 * (log_each[1] - leaves.spread(log_tensor[1])), -5.0, 5.0),
        tf.clip_by_value(now[0] * now[2], -5.0, 5.0),
        tf.clip_by_value(near * now[1], -5.0, 5.0),
        tf.clip_by_value(tf.square(now[1]), 0.0, 5.0),
    )
    state = Statistics(momenta, squares, old.moved, tensor_squares, first_square)
    return Seen(shown, each, (g, *unbiased), log_each, log_tensor, state)


def _cosine(products, i: int, j: int, tiny: float):
    """Of the i-th and the j-th vector, (tensors,); 0 where one is zero."""
    import tensorflow as tf

    return products[i, j] * tf.math.rsqrt(products[i, i] + tiny) * tf.math.rsqrt(products[j, j] + tiny)
