"""The ablated update: one optimizer's step with mechanisms taken out by numeric switches.

With F(h, g) the state and U(h, g) the update that follow, r the drift path (or rest, without schedule) and ΔU(h, g) =
U(h, g) − U(h, 0) the response to a gradient, likewise ΔF:

    momentum    h := r                          offset      U(h, 0) := U(r, 0)
    clipping    ΔU(h, g) := ∂U/∂g(h, 0) g       adaptation  ΔU(h, g) := ΔU(r, g), ΔF(h, g) := ΔF(r, g)
    bias        U := U − U(r, 0)                linear      F(h, 0) := r' + J (h − r), U(h, 0) := U(r, 0) + C (h − r),
                                                            ΔF := B g, ΔU := D g, or ΔF(r, g), ΔU(r, g) if saturating

The paper's adaptation is that the state changes the slope of the update curve while momentum shifts it (Maheswaranathan
et al., 2021, section 5): removing the part of F and U that state and gradient make together removes just that, in the
update and in what the state takes up; what saturates within one step stays, it is clipping. Switches are numbers in θ,
so that one compiled program runs any of them side by side; those fixed in advance are folded away by XLA.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from bench.studies.ablation.layout import RowLayout
from bench.studies.ablation.reference import Reference
from optimizers import Optimizer

DRAWS = 4
"""Random controls there are, numbered from 0."""
_SEED = 611953


class Frozen(NamedTuple):
    """What an ablation is made of; tensors of Reference, float64, made outside any program."""

    layout: RowLayout
    tables: dict[str, tf.Tensor]
    horizon: int
    stability: str
    """Of rest."""
    settled: int
    """The step count at rest."""
    left: float
    """Share of the largest answer that is given at rest."""

    @classmethod
    def of(cls, layout: RowLayout, reference: Reference) -> Frozen:
        arrays = {k: v for k, v in reference._asdict().items() if k not in ("stability", "settled", "left")}
        with tf.init_scope():
            tables = {name: tf.constant(array, tf.float64) for name, array in arrays.items()}
        return cls(layout, tables, len(reference.states) - 2, reference.stability, reference.settled, reference.left)


class Place(NamedTuple):
    """Rows of Reference at one step, and the step count that holds there."""

    states: Any
    after: Any
    updates: Any
    J: Any
    B: Any
    C: Any
    D: Any
    count: Any


def optimizer(frozen: Frozen, flags: Mapping[str, Any]) -> Optimizer:
    """`flags` as of Spec.flags: numbers or scalar tensors; above one half is on. Its state is (parameters, n)."""
    on = {name: tf.convert_to_tensor(value) > 0.5 for name, value in flags.items()}
    draw = tf.cast(flags["draw"], tf.int32)

    def init(params):
        leaves = tf.nest.flatten(params)
        rows, dtype = _size(leaves), leaves[0].dtype
        first, rest = (tf.repeat(tf.cast(frozen.tables["states"][i], dtype)[None], rows, axis=0) for i in (0, -1))
        moved = tf.where(on["control"], _aside(first, rest - first, _noise(rest, -1, draw)), rest)
        return tf.where(on["schedule"], moved, first)

    def update(gradients, state, params, step):
        g, x = flat(gradients), flat(params)
        after, dx = _ablated(frozen, on, state, g, x, step)
        intact, plain = frozen.layout.step(state, g, x, step)
        noise = _noise(tf.concat([state, dx[:, None]], 1), step, draw)
        after_random = _aside(intact, after - intact, noise[:, :-1])
        dx_random = _aside(plain[None], (dx - plain)[None], noise[None, :, -1])[0]
        carried = on["control"] & ~on["momentum"]  # a reset undoes what the state was before
        after = tf.where(carried, after_random, tf.where(on["control"], intact, after))
        dx = tf.where(on["control"], dx_random, dx) * number(flags["step"], dx.dtype)
        return split_like(dx, gradients), after

    return Optimizer(init, update)


def _ablated(frozen: Frozen, on: Mapping[str, Any], h, g, x, step):
    """Next rows and updates (R,) of rows h without what `on` takes away."""
    place = place_at(frozen, on["schedule"], step, h.dtype)
    r = tf.repeat(place.states[None], h.shape[0], axis=0)
    h = tf.where(on["momentum"], r, h)
    after, dx = frozen.layout.step(h, g, x, place.count)
    quiet, offset, slope = quiet_step(frozen, h, x, place.count)
    quiet_r, offset_r = place.after[None], place.updates
    here, there = (after - quiet, dx - offset), response_at(frozen, r, g, x, place)
    away = h - place.states
    line = tf.matmul(away, place.J, transpose_b=True), tf.linalg.matvec(away, place.C)
    straight = g[:, None] * place.B, g * place.D
    quiet = tf.where(on["linear"], quiet_r + line[0], quiet)
    offset = tf.where(on["linear"], offset_r + line[1], offset)
    held = on["adaptation"] | on["linear"]
    bent = tf.math.is_finite(slope) & on["clipping"]
    plainly = on["linear"] & ~on["saturating"]
    follows = tf.where(plainly, straight[0], there[0])
    moves = tf.where(plainly | on["clipping"], straight[1], there[1])
    response = tf.where(held, moves, tf.where(bent, slope * g, here[1]))
    offset = tf.where(on["offset"], tf.zeros_like(offset) + offset_r, offset)
    after = tf.where(held, quiet + follows, after)
    dx = tf.where(held | on["clipping"] | on["offset"], offset + response, dx)
    return after, tf.where(on["bias"], dx - offset_r, dx)


def place_at(frozen: Frozen, at_rest, step, dtype) -> Place:
    row = tf.where(at_rest, frozen.horizon + 1, tf.minimum(step, frozen.horizon))
    rows = {name: tf.cast(tf.gather(table, row), dtype) for name, table in frozen.tables.items()}
    return Place(**rows, count=tf.where(at_rest, frozen.settled, step))


def quiet_step(frozen: Frozen, h, x, t):
    """F(h, 0), U(h, 0) and ∂U/∂g there, component by component."""
    zero = tf.zeros_like(x)
    with tf.GradientTape() as tape:
        tape.watch(zero)
        after, dx = frozen.layout.step(h, zero, x, t)
        total = tf.reduce_sum(dx)
    slope = tape.gradient(total, zero, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return after, dx, slope


def response_at(frozen: Frozen, r, g, x, place: Place):
    """ΔF(r, g), ΔU(r, g); weight decay is no response."""
    after, dx = frozen.layout.step(r, g, tf.zeros_like(x), place.count)
    return after - place.after, dx - place.updates


def _noise(like, step, draw):
    """Standard normal numbers (R, n) of this step and draw, the same for every problem."""
    each = [DRAWS, *like.shape]
    seed = tf.stack([tf.constant(_SEED), tf.cast(step, tf.int32)])
    return tf.gather(tf.random.stateless_normal(each, seed, dtype=like.dtype, alg="philox"), draw)


def _aside(from_, change, noise):
    """`from_` moved as far as `change`, row by row, but along `noise`."""
    size = tf.norm(change, axis=-1, keepdims=True)
    return from_ + size * noise / tf.maximum(tf.norm(noise, axis=-1, keepdims=True), 1e-30)


def number(value, dtype):
    """A plain number as exact as `dtype` allows, a tensor cast."""
    plain = isinstance(value, (int, float))
    return tf.constant(value, dtype) if plain else tf.cast(value, dtype)


def _size(leaves) -> int:
    return sum(math.prod(leaf.shape) for leaf in leaves)


def flat(nested):
    return tf.concat([tf.reshape(leaf, [-1]) for leaf in tf.nest.flatten(nested)], 0)


def split_like(flat, like):
    leaves = tf.nest.flatten(like)
    parts = tf.split(flat, [math.prod(leaf.shape) for leaf in leaves])
    shaped = [tf.reshape(part, leaf.shape) for part, leaf in zip(parts, leaves, strict=True)]
    return tf.nest.pack_sequence_as(like, shaped)
