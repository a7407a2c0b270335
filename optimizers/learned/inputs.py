"""How a gradient is shown to a network: one number per parameter, or its logarithm and its sign.

| input | shown, with g already times the input scale | source |
|---|---|---|
| raw | g | |
| asinh | asinh(g): linear below 1, logarithmic above | |
| log_sign | (log|g| / p, sgn g), below e⁻ᵖ (−1, eᵖ g) | Andrychowicz et al., 2016, appendix A |
| log1p_sign | (log(1 + |g|), sgn g) | Maheswaranathan et al., 2021 |
"""

from __future__ import annotations

import math
from typing import Any

INPUTS = ("raw", "asinh", "log_sign", "log1p_sign")
PRECISION = 10.0
"""p of log_sign: gradients down to e⁻¹⁰ = 4.5e-5 keep their logarithm."""


def width(kind: str) -> int:
    """Numbers shown per parameter."""
    return 2 if kind.endswith("_sign") else 1


def show(kind: str, g: Any, precision: float = PRECISION):
    """Columns (rows, width) for scaled gradients g: (rows,)."""
    import tensorflow as tf

    if kind == "log_sign":
        return log_and_sign(g, precision)
    if kind == "log1p_sign":
        return tf.stack([tf.math.log1p(tf.abs(g)), tf.sign(g)], axis=1)
    return (g if kind == "raw" else tf.asinh(g))[:, None]


def log_and_sign(g: Any, precision: float):
    """(rows, 2). Clipped before the logarithm, so that gradients of 0 have a finite derivative."""
    import tensorflow as tf

    large = tf.maximum(tf.abs(g), math.exp(-precision))
    sign = tf.clip_by_value(g * math.exp(precision), -1.0, 1.0)
    return tf.stack([tf.math.log(large) / precision, sign], axis=1)
