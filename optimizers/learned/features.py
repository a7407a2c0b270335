"""What the per-parameter MLP sees of one tensor (Metz et al., 2022, after Shazeer and Stern, Adafactor, 2018).

Of every element, with m momenta, v its second moment, r and c the mean squares of its row and column (with fewer than
two axes both are the mean square of the element), each at several decays:

    g, x, m, v, m / √v, 1 / √v, g / √(r c / r̄), r, c, 1 / √r, 1 / √c, m / √(r c / r̄)

each divided by its root mean square over the tensor, and tanh(t / τ − 1) of the step t at eleven time scales τ. Rows
and columns run along the two longest axes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

DECAYS = {"momentum_decays": (0.9, 0.99, 0.999), "second_decays": (0.999,), "factored_decays": (0.9, 0.99, 0.999)}
"""θ holds their change: 1 − decay is times exp(10 · θ)."""
TIMES = (1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000)
WIDTH = 2 + 3 + 1 + 3 + 1 + 6 * 3 + len(TIMES)
"""Features of an element."""
_SAFE = 1e-9


def start(param: Any) -> dict[str, Any]:
    """State of one tensor, zero, a last axis over decays."""
    import tensorflow as tf

    shape, sizes = list(param.shape), {name: len(decays) for name, decays in DECAYS.items()}
    row, column = _axes(shape)
    pooled = [_kept(shape, column), _kept(shape, row)] if row != column else [shape]
    return {
        "factored": [tf.zeros([*s, sizes["factored_decays"]], param.dtype) for s in pooled],
        "momenta": tf.zeros([*shape, sizes["momentum_decays"]], param.dtype),
        "second": tf.zeros([*shape, sizes["second_decays"]], param.dtype),
    }


def see(theta: Mapping[str, Any], g: Any, state: dict, param: Any, step: Any) -> tuple[Any, dict]:
    """Features (elements, WIDTH) and the next state for the gradient g of `param`; `theta` in its dtype."""
    import tensorflow as tf

    keep = {name: _decay(theta[name], decays) for name, decays in DECAYS.items()}
    g, x = g[..., None], param[..., None]
    momenta = _mix(keep["momentum_decays"], state["momenta"], g)
    second = _mix(keep["second_decays"], state["second"], g * g)
    factored = [
        _mix(keep["factored_decays"], old, new)
        for old, new in zip(state["factored"], _pools(g * g, len(state["factored"])), strict=True)
    ]
    row, column, scale = _factors(factored, param.shape)
    root = tf.math.rsqrt(second + 1e-6)
    inverse = [tf.math.rsqrt(part + 1e-8) for part in (row, column)]
    each = [g, x, momenta, second, momenta * root, root, g * scale, row, column, *inverse]
    each.append(momenta * scale)
    shown = _normalized(each, param)
    time = tf.tanh(tf.cast(step, g.dtype) / tf.constant(TIMES, g.dtype) - 1.0)
    shown = tf.concat([shown, tf.zeros_like(shown[:, :1]) + time], axis=1)
    return shown, {"factored": factored, "momenta": momenta, "second": second}


def _normalized(each, param):
    """(elements, features), each feature of root mean square 1 unless it is tiny."""
    import tensorflow as tf

    whole = tf.concat([tf.broadcast_to(part, [*param.shape, part.shape[-1]]) for part in each], axis=-1)
    flat = tf.reshape(whole, [-1, whole.shape[-1]])
    return flat * tf.math.rsqrt(1e-5 + tf.reduce_mean(flat * flat, axis=0, keepdims=True))


def _factors(factored, shape):
    """Mean squares of row and column, and 1 / √(r c / r̄), all broadcastable to (…, decays)."""
    import tensorflow as tf

    if len(factored) == 1:
        full = factored[0]
        return full, full, _root(full)
    row_axis, column_axis = _axes(shape)
    row = tf.expand_dims(factored[0], column_axis)
    column = tf.expand_dims(factored[1], row_axis)
    mean = tf.reduce_mean(row, axis=row_axis, keepdims=True)
    return row, column, _root(row / (mean + _SAFE)) * _root(column)


def _pools(square, count):
    """Squares (…, 1) averaged over the other axis of the pair, or as they are."""
    import tensorflow as tf

    if count == 1:
        return [square]
    row, column = _axes(square.shape[:-1])
    return [tf.reduce_mean(square, axis=axis) for axis in (column, row)]


def _axes(shape) -> tuple[int, int]:
    """The two longest axes, (rows, columns); twice the same number when there are fewer than two."""
    if len(shape) < 2:
        return 0, 0
    row, column = np.argsort(list(shape), kind="stable")[-2:]
    return int(row), int(column)


def _kept(shape, without: int) -> list[int]:
    return [size for axis, size in enumerate(shape) if axis != without]


def _decay(change, decays):
    import tensorflow as tf

    rest = (1.0 - tf.constant(decays, change.dtype)) * tf.exp(10.0 * change)
    return tf.clip_by_value(1.0 - rest, 0.0, 1.0)


def _mix(keep, old, new):
    return keep * old + (1.0 - keep) * new


def _root(x):
    import tensorflow as tf

    return tf.math.rsqrt(tf.maximum(x, _SAFE))
