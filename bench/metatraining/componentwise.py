"""Whether an optimizer treats every parameter by itself: the meta-gradient then takes all problems' at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf


def check_separable(architecture: Any) -> bool:
    """Whether every row, every column and the flattened whole of (4, 3) parameters move as they do alone.

    So does then every single parameter, whatever tensor it is in. The floating leaves of the state must follow: as many
    numbers per parameter, in the order of the parameters.
    """
    draw = np.random.default_rng(0)
    theta = {
        name: tf.constant(value + 0.1 * draw.normal(size=np.shape(value)), tf.float32)
        for name, value in architecture.initial(0).items()
    }
    optimizer = architecture.build(theta)
    params, *gradients = (draw.normal(size=(4, 3)).astype("float32") for _ in range(4))
    together, state = _last(optimizer, params, gradients)
    parts = [
        *(((slice(i, i + 1), slice(None)), [1, 3]) for i in range(4)),
        *(((slice(None), slice(j, j + 1)), [4, 1]) for j in range(3)),
        ((slice(None), slice(None)), [12]),
    ]
    for at, shape in parts:
        cut = [x[at].reshape(shape) for x in (params, *gradients)]
        alone, its_state = _last(optimizer, cut[0], cut[1:])
        if not _close(together[at], alone):
            return False
        for whole, part in zip(state, its_state, strict=True):
            if whole.size % 12 or not _close(whole.reshape(4, 3, -1)[at], part):
                return False
    return True


def _close(expected: np.ndarray, found: np.ndarray) -> bool:
    same_size = expected.size == found.size
    return same_size and np.allclose(expected.ravel(), found.ravel(), rtol=1e-4, atol=1e-6)


def _last(optimizer, params, gradients) -> tuple[np.ndarray, list[np.ndarray]]:
    """The last of as many updates as there are `gradients`, like params, and the floating leaves of the state."""
    params = tf.constant(params)
    state = optimizer.init(params)
    for step, gradient in enumerate(gradients):
        updates, state = optimizer.update(tf.constant(gradient), state, params, step)
    leaves = [leaf for leaf in tf.nest.flatten(state) if leaf.dtype.is_floating]
    return updates.numpy(), [leaf.numpy() for leaf in leaves]
