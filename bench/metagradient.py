"""The gradient of a meta-loss in θ, through the whole unroll, that does not explode.

Forward, a loop stores parameters and state of every step. Backward, a second loop re-runs one step at a time
under a tape and carries the adjoints (dL/dparams, dL/dstate). Two things are done to them at every step: per
problem they are clipped to `clip` times the batch median, and all are multiplied by `discount`. Plain
backpropagation explodes on curved tasks, and either one alone is not enough (measured on Rosenbrock).

Task and optimizer stay single-problem code under `vectorized_map`; the tape lies outside it, so that the products
with θ of all problems are one.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from bench.unroll import advance

_over_problems = functools.partial(tf.vectorized_map, fallback_to_while_loop=False)


class Estimate(NamedTuple):
    """`loss`: scalar. `losses`: (steps + 1, problems). `gradients`: like θ."""

    loss: tf.Tensor
    losses: tf.Tensor
    gradients: dict[str, tf.Tensor]


def meta_loss(kind: str):
    """f(losses (steps + 1, problems)) -> scalar: "mean", "log" or "mixed" (both, of loss / initial loss)."""

    def ratio(losses):
        return losses / tf.stop_gradient(losses[:1])

    return {
        "mean": lambda losses: tf.reduce_mean(ratio(losses)),
        "log": lambda losses: tf.reduce_mean(tf.math.log(losses + 1e-6)),
        "mixed": lambda losses: (
            tf.reduce_mean(ratio(losses)) + 0.005 * tf.reduce_mean(tf.math.log(ratio(losses) + 1e-9))
        ),
    }[kind]


def compile_metagradient(task, build, *, steps: int, loss: str, discount: float, clip: float, jit: bool = True):
    """Program (θ, params (B, …), data (B, …), batches (B, T, …) | None) -> Estimate."""
    score = meta_loss(loss)

    @tf.function(jit_compile=jit, autograph=False)
    def program(theta, params, data, batches):
        problems = tf.nest.flatten(params)[0].shape[0]

        def step(theta, params, state, t):
            seen = [] if batches is None else [_at(batches, tf.minimum(t, steps - 1))]
            optimizer = build(theta)

            def one(run):
                batch = run[3][0] if run[3] else None
                new, state, _, value = advance(task, optimizer, *run[:3], batch, t)
                return new, state, value

            return _over_problems(one, (params, state, data, seen))

        def start(theta):
            def one(run):
                # + 0 per problem: the gradient of vectorized_map's own tiling would be compiled anew at every call
                state = build(theta).init(run[0])
                return tf.nest.map_structure(lambda s: s + tf.cast(run[1], s.dtype), state)

            return _over_problems(one, (params, tf.zeros([problems])))

        stores, losses = _forward(functools.partial(step, theta), params, start(theta), steps)
        with tf.GradientTape() as tape:
            tape.watch(losses)
            value = score(losses)
        weights = tape.gradient(value, losses)
        damp = functools.partial(_damp, problems=problems, clip=clip, discount=discount)
        total, adjoint = _backward(step, theta, stores, weights, steps, damp)
        with tf.GradientTape() as tape:
            tape.watch(theta)
            state = _floats(start(theta))
        first = tape.gradient(state, theta, _floats(adjoint[1]), unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return Estimate(value, losses, tf.nest.map_structure(tf.add, total, first))

    return program


def _forward(step, params, state, steps):
    """Stored params and states (steps + 1 each, stacked), losses (steps + 1, B); the last update is dropped."""
    flat = tf.nest.flatten((params, state))
    arrays = [tf.TensorArray(leaf.dtype, steps + 1, element_shape=leaf.shape) for leaf in flat]
    losses = tf.TensorArray(flat[0].dtype, steps + 1, element_shape=flat[0].shape[:1])

    def body(t, params, state, arrays, losses):
        leaves = tf.nest.flatten((params, state))
        arrays = [array.write(t, leaf) for array, leaf in zip(arrays, leaves, strict=True)]
        params, state, value = step(params, state, t)
        return t + 1, params, state, arrays, losses.write(t, value)

    *_, arrays, losses = tf.while_loop(
        lambda t, *_: t <= steps, body, (0, params, state, arrays, losses), maximum_iterations=steps + 1
    )
    stacked = [array.stack() for array in arrays]
    return tf.nest.pack_sequence_as((params, state), stacked), losses.stack()


def _backward(step, theta, stores, weights, steps, damp):
    """Gradient in θ summed over steps, and the adjoint of the starting (params, state)."""

    def body(i, adjoint, total):
        t = steps - i
        run = tf.nest.map_structure(lambda store: store[t], stores)
        # what comes after the last recorded loss has no bearing: its adjoint starts at zero
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(_floats(run))
            tape.watch(theta)
            *after, losses = step(theta, *run, t)
            pairs = zip(_floats([*after, losses]), [*_floats(adjoint), weights[t]], strict=True)
            objective = sum(tf.reduce_sum(value * weight) for value, weight in pairs)
        back, more = tape.gradient(objective, (_floats(run), theta), unconnected_gradients="zero")
        leaves = iter(back)
        adjoint = tuple(
            tf.nest.map_structure(lambda leaf: next(leaves) if leaf.dtype.is_floating else leaf, part) for part in run
        )
        return i + 1, tuple(damp(part) for part in adjoint), tf.nest.map_structure(tf.add, total, more)

    zeros = tf.nest.map_structure(lambda store: tf.zeros_like(store[0]), stores)
    loop = (0, tuple(zeros), tf.nest.map_structure(tf.zeros_like, theta))
    _, adjoint, total = tf.while_loop(lambda i, *_: i <= steps, body, loop, maximum_iterations=steps + 1)
    return total, adjoint


def _damp(adjoint, *, problems: int, clip: float, discount: float):
    """Per problem: norm at most `clip` × the batch's median (from 3 problems on), times `discount`; NaN to 0."""
    leaves = _floats(adjoint)
    if not leaves:
        return adjoint
    squares = sum(tf.reduce_sum(tf.square(tf.reshape(leaf, [problems, -1])), axis=1) for leaf in leaves)
    squares = tf.where(tf.math.is_finite(squares), squares, 1e30)
    scale = tf.fill([problems], discount)
    if problems >= 3 and np.isfinite(clip):
        median = tf.sort(squares)[problems // 2]
        scale *= tf.minimum(1.0, clip * tf.sqrt(median / (squares + 1e-36)))

    def damped(leaf):
        if not leaf.dtype.is_floating:
            return leaf
        scaled = leaf * tf.reshape(scale, [problems] + [1] * (leaf.shape.rank - 1))
        return tf.where(tf.math.is_finite(scaled), scaled, 0.0)

    return tf.nest.map_structure(damped, adjoint)


def _floats(nested) -> list:
    return [leaf for leaf in tf.nest.flatten(nested) if leaf.dtype.is_floating]


def _at(batches, t):
    return tf.nest.map_structure(lambda b: tf.gather(b, t, axis=1), batches)
