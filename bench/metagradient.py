"""The gradient of a meta-loss in θ, through the whole unroll, that does not explode.

Forward, a loop stores parameters, state and gradients of every step. Backward, a second loop takes one step at a time:
the adjoints (dL/dparams, dL/dstate) go through the optimizer by a tape, and through the task by a Hessian–vector
product. Two things are done to them at every step: per problem they are clipped to `clip` times the batch median,
and all are multiplied by `discount`. Plain backpropagation explodes on curved tasks, and either one alone is not
enough (measured on Rosenbrock).

The task stays single-problem code under `vectorized_map`, its Hessian–vector product inside it: a gradient through
the map holds operations that XLA compiles anew for every value of its inputs. The optimizer acts on every parameter
alone, so it runs once on those of all problems, one tensor (problems, parameters).
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import tensorflow as tf

_over_problems = functools.partial(tf.vectorized_map, fallback_to_while_loop=False)
_ZERO = tf.UnconnectedGradients.ZERO


class Estimate(NamedTuple):
    """`loss`: scalar. `losses`: (steps + 1, problems). `gradients`: like θ."""

    loss: tf.Tensor
    losses: tf.Tensor
    gradients: dict[str, tf.Tensor]


def meta_loss(kind: str, log_weight: float = 0.005):
    """f(losses (steps + 1, problems)) -> scalar: "mean", "log" or "mixed" (both, of loss / initial loss).

    "mixed" is mean(f / f0) + `log_weight` · mean(log(f / f0 + 1e-9)).
    """

    def ratio(losses):
        return losses / tf.stop_gradient(losses[:1])

    return {
        "mean": lambda losses: tf.reduce_mean(ratio(losses)),
        "log": lambda losses: tf.reduce_mean(tf.math.log(losses + 1e-6)),
        "mixed": lambda losses: (
            tf.reduce_mean(ratio(losses))
            + log_weight * tf.reduce_mean(tf.math.log(ratio(losses) + 1e-9))
        ),
    }[kind]


def compile_metagradient(
    task,
    build,
    *,
    steps: int,
    loss: str,
    discount: float,
    clip: float,
    log_weight: float = 0.005,
    jit: bool = True,
):
    """Program (θ, params (B, …), data (B, …), batches (B, T, …) | None) -> Estimate."""
    score = meta_loss(loss, log_weight)

    @tf.function(jit_compile=jit, autograph=False)
    def program(theta, params, data, batches):
        flat, unflatten = _flatten(params)
        lifted = functools.partial(_lift, task, data, batches, unflatten, steps)
        optimizer = build(theta)
        start = optimizer.init(flat)
        stores, losses = _forward(optimizer, lifted, flat, start, steps)
        with tf.GradientTape() as tape:
            tape.watch(losses)
            value = score(losses)
        weights = tape.gradient(value, losses)
        damp = functools.partial(_damp, problems=flat.shape[0], clip=clip, discount=discount)
        total, adjoint = _backward(build, theta, lifted, unflatten, stores, weights, steps, damp)
        with tf.GradientTape() as tape:
            tape.watch(theta)
            state = _floats(build(theta).init(flat))
        first = tape.gradient(state, theta, adjoint, unconnected_gradients=_ZERO)
        return Estimate(value, losses, tf.nest.map_structure(tf.add, total, first))

    return program


def _lift(task, data, batches, unflatten, steps, f, t, flat, *more):
    """`f(loss of params, params, …)` of one problem over all problems at step `t`; `flat` and `more` have axis B."""
    seen = [] if batches is None else [_at(batches, tf.minimum(t, steps - 1))]

    def one(run):
        params, its_data, batch, extra = run
        return f(lambda p: task.loss(p, its_data, batch[0] if batch else None), params, *extra)

    return _over_problems(one, (unflatten(flat), data, seen, list(more)))


def _value_and_gradient(loss, params):
    with tf.GradientTape() as tape:
        tape.watch(params)
        value = loss(params)
    return value, tape.gradient(value, params, unconnected_gradients=_ZERO)


def _pull_back(loss, params, direction, weight):
    """∇(⟨∇f, direction⟩ + weight · f) at params: the adjoint of (gradient, loss), pulled back to params."""
    with tf.GradientTape() as tape:
        tape.watch(params)
        value, gradient = _value_and_gradient(loss, params)
        pairs = zip(tf.nest.flatten(gradient), tf.nest.flatten(direction), strict=True)
        objective = weight * value + sum(tf.reduce_sum(g * d) for g, d in pairs)
    return tape.gradient(objective, params, unconnected_gradients=_ZERO)


def _flatten(params):
    """Params (B, …) as one tensor (B, P), and the way back."""
    leaves = tf.nest.flatten(params)
    sizes = [int(np.prod(leaf.shape[1:])) for leaf in leaves]
    flat = tf.concat([tf.reshape(leaf, [leaf.shape[0], -1]) for leaf in leaves], axis=1)

    def unflatten(flat):
        parts = zip(tf.split(flat, sizes, axis=1), leaves, strict=True)
        return tf.nest.pack_sequence_as(
            params, [tf.reshape(part, leaf.shape) for part, leaf in parts]
        )

    return flat, unflatten


def _forward(optimizer, lifted, flat, state, steps):
    """Stored (params, state, gradients), stacked over steps + 1; losses (steps + 1, B); the last update is dropped."""
    leaves = tf.nest.flatten((flat, state, flat))
    arrays = [tf.TensorArray(leaf.dtype, steps + 1, element_shape=leaf.shape) for leaf in leaves]
    losses = tf.TensorArray(flat.dtype, steps + 1, element_shape=flat.shape[:1])

    def body(t, flat, state, arrays, losses):
        values, gradients = lifted(_value_and_gradient, t, flat)
        gradients, _ = _flatten(gradients)
        leaves = tf.nest.flatten((flat, state, gradients))
        arrays = [array.write(t, leaf) for array, leaf in zip(arrays, leaves, strict=True)]
        updates, state = optimizer.update(gradients, state, flat, t)
        return t + 1, flat + updates, state, arrays, losses.write(t, values)

    *_, arrays, losses = tf.while_loop(
        lambda t, *_: t <= steps,
        body,
        (0, flat, state, arrays, losses),
        maximum_iterations=steps + 1,
    )
    return tf.nest.pack_sequence_as(
        (flat, state, flat), [array.stack() for array in arrays]
    ), losses.stack()


def _backward(build, theta, lifted, unflatten, stores, weights, steps, damp):
    """Gradient in θ summed over steps, and the adjoint of the floating leaves of the starting state."""

    def body(i, ahead, total):
        t = steps - i
        flat, state, gradients = tf.nest.map_structure(lambda store: store[t], stores)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch((flat, _floats(state), gradients, theta))
            updates, after = build(theta).update(gradients, state, flat, t)
            pairs = zip([flat + updates, *_floats(after)], ahead, strict=True)
            objective = sum(tf.reduce_sum(value * adjoint) for value, adjoint in pairs)
        sources = (flat, _floats(state), gradients, theta)
        direct, states, push, more = tape.gradient(objective, sources, unconnected_gradients=_ZERO)
        pulled, _ = _flatten(lifted(_pull_back, t, flat, unflatten(push), weights[t]))
        behind = [*damp([direct + pulled]), *damp(states)]
        return i + 1, behind, tf.nest.map_structure(tf.add, total, more)

    flat, state, _ = stores
    zeros = [tf.zeros_like(store[0]) for store in [flat, *_floats(state)]]
    loop = (0, zeros, tf.nest.map_structure(tf.zeros_like, theta))
    _, adjoint, total = tf.while_loop(
        lambda i, *_: i <= steps, body, loop, maximum_iterations=steps + 1
    )
    return total, adjoint[1:]


def _damp(leaves, *, problems: int, clip: float, discount: float):
    """Per problem: norm at most `clip` × the batch's median (from 3 problems on), times `discount`; NaN to 0."""
    if not leaves:
        return leaves
    rows = [tf.reshape(leaf, [problems, -1]) for leaf in leaves]
    squares = sum(tf.reduce_sum(tf.square(row), axis=1) for row in rows)
    squares = tf.where(tf.math.is_finite(squares), squares, 1e30)
    scale = tf.fill([problems], discount)
    if problems >= 3 and np.isfinite(clip):
        median = tf.sort(squares)[problems // 2]
        scale *= tf.minimum(1.0, clip * tf.sqrt(median / (squares + 1e-36)))
    scaled = [row * scale[:, None] for row in rows]
    sound = [tf.where(tf.math.is_finite(row), row, 0.0) for row in scaled]
    return [tf.reshape(row, leaf.shape) for row, leaf in zip(sound, leaves, strict=True)]


def _floats(nested) -> list:
    return [leaf for leaf in tf.nest.flatten(nested) if leaf.dtype.is_floating]


def _at(batches, t):
    return tf.nest.map_structure(lambda b: tf.gather(b, t, axis=1), batches)
