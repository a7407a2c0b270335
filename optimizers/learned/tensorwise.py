"""What `stride` sees of tensors and of their parameters; none of it changes with the scale of the loss.

Numbers of tensors are (tensors,). Of a tensor of more than a thousand parameters a sample is looked at.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from optimizers.learned.blocks import Blocks

MOMENTA = (0.5, 0.9, 0.99)
SQUARES = (0.9, 0.99)
_TINY = 1e-24
"""Added to squares of gradients: 1e-12 of the gradient, below which its scale shows."""
_OWN = 9
SEEN = 2 * _OWN + 4
"""Numbers a tensor shows: its own and their mean over tensors, without logarithms of size and time twice."""


class Statistics(NamedTuple):
    """Momenta and second moments, of every decay a list over blocks; the last move where it is looked at, over blocks;
    mean squares of tensors (tensors,).
    """

    momenta: tuple
    squares: tuple
    moved: list
    tensor_squares: tuple
    first_square: Any


class Seen(NamedTuple):
    """`shown`: (tensors, SEEN). `log_tensor`: (tensors,) of every decay of squares. `state`: but for the last move."""

    shown: Any
    log_tensor: tuple
    state: Statistics


def sizes(params, floor: float):
    """(tensors,): root mean squares of tensors and, to a tenth, of all parameters together; of zeros `floor`."""
    import tensorflow as tf

    leaves = tf.nest.flatten(params)
    own = tf.stack([tf.reduce_mean(tf.square(leaf)) for leaf in leaves])
    counts = tf.constant([math.prod(leaf.shape) for leaf in leaves], own.dtype)
    together = tf.reduce_sum(own * counts) / tf.reduce_sum(counts)
    return tf.sqrt(own + 0.1 * together + floor**2)


def start(blocks: Blocks, flat, size) -> Statistics:
    """All zero."""
    import tensorflow as tf

    zero, none = [tf.zeros_like(vector) for vector in flat], tf.zeros_like(size)
    still = [blocks.look(vector, i) for i, vector in enumerate(zero)]
    return Statistics((zero,) * len(MOMENTA), (zero,) * len(SQUARES), still, (none,) * len(SQUARES), none)


def see(blocks: Blocks, g, flat, old: Statistics, log_step, count) -> Seen:
    """What gradients g at parameters `flat`, lists over blocks, show after `old` and moves of exp(log_step).

    `count`: updates with this one.
    """
    import tensorflow as tf

    square, with_move, move, size, near, *rest = tf.unstack(_products(blocks, g, flat, old, count))
    with_past, past = rest[: len(MOMENTA)], rest[len(MOMENTA) :]
    tensor_squares = tuple(
        beta * v + (1.0 - beta) * square for beta, v in zip(SQUARES, old.tensor_squares, strict=True)
    )
    first_square = tf.where(tf.equal(count, 1.0), square, old.first_square)
    log_tensor = tuple(tf.math.log(v) for v in safe(tensor_squares, count))
    log_square = tf.math.log(square + _TINY)
    agreement = [
        _cosine(with_move, square, move, _TINY),
        *(_cosine(a, near, b, 1e-8) for a, b in zip(with_past, past, strict=True)),
    ]
    logs = [
        log_tensor[0] - log_tensor[1],
        log_square - log_tensor[0],
        log_square - tf.math.log(first_square + _TINY),
        tf.math.log(past[1] + 1e-4),
        2.0 * log_step - tf.math.log(size + 1e-12),
    ]
    own = tf.stack([*agreement, *(0.2 * tf.clip_by_value(x, -20.0, 20.0) for x in logs)], 1)
    everywhere = tf.zeros_like(own) + tf.reduce_mean(own, 0, keepdims=True)
    counts = tf.constant([[0.1 * math.log(many)] for many in blocks.counts], own.dtype)
    times = tf.stack([tf.math.log(count) / 5.0, 1.0 / count, tf.exp(-count / 10.0)])
    shown = tf.concat([own, everywhere, counts, tf.zeros([len(blocks.counts), 3], own.dtype) + times], 1)
    momenta, squares = after(old, g)
    return Seen(shown, log_tensor, Statistics(momenta, squares, old.moved, tensor_squares, first_square))


def after(old: Statistics, g) -> tuple[tuple, tuple]:
    """Momenta and second moments with the gradients g."""

    def mixed(beta, before, new):
        return [beta * a + (1.0 - beta) * b for a, b in zip(before, new, strict=True)]

    momenta = tuple(mixed(beta, m, g) for beta, m in zip(MOMENTA, old.momenta, strict=True))
    return momenta, tuple(mixed(beta, v, [x * x for x in g]) for beta, v in zip(SQUARES, old.squares, strict=True))


def unbiased(decays, moments, count) -> list:
    """Moments without bias; times the reciprocal, which costs a long vector less than a division."""
    import tensorflow as tf

    shares = [1.0 / (1.0 - tf.pow(tf.cast(beta, count.dtype), count)) for beta in decays]
    return [m * share for m, share in zip(moments, shares, strict=True)]


def safe(squares, count) -> list:
    """Second moments without bias and above zero."""
    return [v + _TINY for v in unbiased(SQUARES, squares, count)]


def each_of(near, momenta, log_each, log_tensor) -> list:
    """What a parameter shows, from −5 to 5; gradient and momenta are over the root of the slow second moment."""
    import tensorflow as tf

    shown = [
        0.5 * (log_each[0] - log_each[1]),
        0.2 * (log_each[1] - log_tensor),
        momenta[0] * momenta[2],
        near * momenta[1],
        tf.square(momenta[1]),
    ]
    return [tf.clip_by_value(number, -5.0, 5.0) for number in shown]


def _products(blocks: Blocks, g, flat, old: Statistics, count):
    """Means over tensors of gradient², gradient · move, move², parameter², and over the root of the slow second moment
    of gradient², gradient · momenta before it, momenta²: (11, tensors).
    """
    import tensorflow as tf

    before = [1.0 - tf.pow(tf.cast(beta, count.dtype), count - 1.0) + 1e-6 for beta in MOMENTA]
    share = 1.0 - tf.pow(tf.cast(SQUARES[1], count.dtype), count)
    found = []
    for i, moved in enumerate(old.moved):
        x, slope = blocks.look(flat[i], i), blocks.look(g[i], i)
        square = SQUARES[1] * blocks.look(old.squares[1][i], i) + (1.0 - SQUARES[1]) * slope * slope
        scale = tf.math.rsqrt(square / share + _TINY)
        past = [blocks.look(m[i], i) / part * scale for m, part in zip(old.momenta, before, strict=True)]
        near = slope * scale
        left = tf.stack([slope, slope, moved, x, near, *[near] * len(past), *past])
        found.append(left * tf.stack([slope, moved, moved, x, near, *past, *past]))
    return blocks.means(found)


def _cosine(product, first, second, tiny: float):
    """(tensors,); 0 where one is zero."""
    import tensorflow as tf

    return product * tf.math.rsqrt(first + tiny) * tf.math.rsqrt(second + tiny)
