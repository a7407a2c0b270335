"""The update of bench.studies.along.graft, in TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from bench.studies.ablation.ablated import Frozen, Place, flat, number, place_at, quiet_step, response_at, split_like
from optimizers import Optimizer

SMALLEST = 0.01
"""Factors of a rate are kept within this and its inverse."""


def optimizer(grown: Frozen, young: Frozen, theta: Mapping[str, Any]) -> Optimizer:
    """Its state is that of both networks, rows (parameters, n) each."""
    on = {name: tf.convert_to_tensor(theta[name]) > 0.5 for name in ("intact", "young", "path")}

    def init(params):
        leaves = tf.nest.flatten(params)
        count = sum(math.prod(leaf.shape) for leaf in leaves)
        return tuple(_first(frozen, count, leaves[0].dtype) for frozen in (grown, young))

    def update(gradients, state, params, step):
        g, x = flat(gradients), flat(params)
        places = [place_at(frozen, tf.constant(False), step, x.dtype) for frozen in (grown, young)]
        (quiet, offset, own), (_, _, youngs) = (
            _quiet(frozen, h, x, place) for frozen, h, place in zip((grown, young), state, places, strict=True)
        )
        whole, plain = grown.layout.step(state[0], g, x, step)
        beside, youngs_plain = young.layout.step(state[1], g, x, step)
        factor = tf.minimum(1.0, tf.where(on["young"], youngs, tf.ones_like(youngs)) / own)
        r = tf.repeat(places[0].states[None], x.shape[0], axis=0)
        follows, moves = response_at(grown, r, g, x, places[0])
        follows = tf.where(on["path"], follows, factor[:, None] * (whole - quiet))
        moves = tf.where(on["path"], moves, factor * (plain - offset))
        after = tf.where(on["intact"], whole, quiet + follows)
        dx = tf.where(on["intact"], tf.where(on["young"], youngs_plain, plain), offset + moves)
        return split_like(dx * number(theta["step"], dx.dtype), gradients), (after, beside)

    return Optimizer(init, update)


def _first(frozen: Frozen, count: int, dtype: Any) -> Any:
    return tf.repeat(tf.cast(frozen.tables["states"][0], dtype)[None], count, axis=0)


def _quiet(frozen: Frozen, h: Any, x: Any, place: Place) -> tuple[Any, Any, Any]:
    """F(h, 0), U(h, 0) and the factor (R,) that states h make of the rate."""
    quiet, offset, slope = quiet_step(frozen, h, x, place.count)
    factor = tf.math.divide_no_nan(slope, tf.zeros_like(slope) + place.D)
    return quiet, offset, tf.clip_by_value(factor, SMALLEST, 1 / SMALLEST)
