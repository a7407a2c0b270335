"""The gradient of a meta-loss in θ, through the whole unroll, that does not explode.

Forward, a loop stores parameters, state and gradients of every step. Backward, a second loop takes one step at a time:
the adjoints (dL/dparams, dL/dstate) go through the optimizer by a tape, and through the task by a Hessian–vector
product. Two things are done to them at every step: per problem they are clipped to `clip` times the batch median, and
all are multiplied by `discount`. Plain backpropagation explodes on curved tasks, and either one alone is not enough
(measured on Rosenbrock).

The task stays single-problem code under `vectorized_map`, its Hessian–vector product inside it;
`bench.metatraining.adjoint` does the same for the optimizer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from bench.engine.gradients import dense
from bench.engine.unroll import at_step
from bench.metatraining.adjoint import ZERO, Layout, PerProblem, Rows, floats, over_problems
from bench.metatraining.goal import Goal

_over_any = functools.partial(tf.vectorized_map, fallback_to_while_loop=True, warn=False)
"""The second gradients of `tf.concat` and `tf.pad` have no rule under XLA: each is run in a loop over the problems."""


class Estimate(NamedTuple):
    """`loss`: scalar. `losses`: (steps + 1, problems). `gradients`: like θ."""

    loss: tf.Tensor
    losses: tf.Tensor
    gradients: dict[str, tf.Tensor]


class SegmentStart(NamedTuple):
    """Where a segment of a run begins: params (B, …), state, and f₀ of the run (B,)."""

    params: tf.Tensor
    state: tf.Tensor
    first: tf.Tensor


def compile_metagradient(goal: Goal, *, separable: bool = True, jit: bool = True) -> Callable[..., Estimate]:
    """Program (θ, params (B, …), data (B, …), batches (B, T, …) | None) -> Estimate, of whole runs.

    `separable`: whether the optimizer treats every parameter by itself, as `componentwise` finds out.
    """

    @tf.function(jit_compile=jit, autograph=False)
    def program(theta, params, data, batches):
        unroll = _Unroll(goal, separable, theta, params, data, batches)
        flat = unroll.layout.flat(params)
        stores, losses = unroll.forward(flat, unroll.lane.start(theta, flat), 0, goal.steps)
        with tf.GradientTape() as tape:
            tape.watch(losses)
            value = goal.score(losses)
        weights = tape.gradient(value, losses)
        damp = functools.partial(_damp, problems=flat.shape[0], clip=goal.clip, discount=goal.discount)
        total, adjoint = unroll.backward(stores, weights, 0, goal.steps, damp)
        first = unroll.lane.pull_start(theta, flat, adjoint)
        return Estimate(value, losses, tf.nest.map_structure(tf.add, total, first))

    return program


def compile_segment(
    goal: Goal, length: int, share: float, *, separable: bool = True, jit: bool = True
) -> Callable[..., tuple[Estimate, SegmentStart]]:
    """Program (θ, SegmentStart, data, batches, start) -> (Estimate, SegmentStart `length` steps on), cut at `start`.

    `share`: as in MetaLoss.of_segment.
    """

    @tf.function(jit_compile=jit, autograph=False)
    def program(theta, problems, data, batches, start):
        unroll = _Unroll(goal, separable, theta, problems.params, data, batches)
        flat = unroll.layout.flat(problems.params)
        stores, losses = unroll.forward(flat, problems.state, start, length)
        first = tf.where(tf.equal(start, 0), losses[0], problems.first)
        with tf.GradientTape() as tape:
            tape.watch(losses)
            value = tf.reduce_mean(goal.score.of_segment(losses, first, start, share))
        weights = tape.gradient(value, losses)
        damp = functools.partial(_damp, problems=flat.shape[0], clip=goal.clip, discount=goal.discount)
        total, adjoint = unroll.backward(stores, weights, start, length, damp)
        opening = tf.cast(tf.equal(start, 0), flat.dtype)
        begun = unroll.lane.pull_start(theta, flat, [opening * leaf for leaf in adjoint])
        last, state, _ = tf.nest.map_structure(lambda store: store[-1], stores)
        ahead = SegmentStart(unroll.layout.nested(last), state, first)
        return Estimate(value, losses, tf.nest.map_structure(tf.add, total, begun)), ahead

    return program


class _Unroll:
    """A batch of problems, forward and back."""

    def __init__(self, goal: Goal, separable: bool, theta, params, data, batches):
        self.layout = Layout(params)
        self.lane = (Rows if separable else PerProblem)(goal.architecture.build, self.layout)
        self.theta = theta
        self._goal, self._data, self._batches = goal, data, batches

    def forward(self, flat, state, start, length):
        """Stored (params, state, gradients), stacked over length + 1; losses (length + 1, B).

        The last update is dropped.
        """
        leaves = tf.nest.flatten((flat, state, flat))
        arrays = [tf.TensorArray(x.dtype, length + 1, element_shape=x.shape) for x in leaves]
        losses = tf.TensorArray(flat.dtype, length + 1, element_shape=flat.shape[:1])

        def body(i, flat, state, arrays, losses):
            values, gradients = self._lift(value_and_gradient, start + i, flat)
            gradients = self.layout.flat(gradients)
            leaves = tf.nest.flatten((flat, state, gradients))
            arrays = [array.write(i, leaf) for array, leaf in zip(arrays, leaves, strict=True)]
            updates, state = self.lane.update(self.theta, gradients, state, flat, start + i)
            return i + 1, flat + updates, state, arrays, losses.write(i, values)

        *_, arrays, losses = tf.while_loop(
            lambda i, *_: i <= length, body, (0, flat, state, arrays, losses), maximum_iterations=length + 1
        )
        stores = [array.stack() for array in arrays]
        return tf.nest.pack_sequence_as((flat, state, flat), stores), losses.stack()

    def backward(self, stores, weights, start, length, damp):
        """Gradient in θ summed over steps, and the adjoint of the floating leaves of the starting state."""

        def body(j, ahead, total):
            i = length - j
            flat, state, gradients = tf.nest.map_structure(lambda store: store[i], stores)
            pulled = self.lane.pull(self.theta, gradients, state, flat, start + i, ahead)
            push = self.layout.nested(pulled.gradients)
            second = self._lift(_pull_back, start + i, flat, push, weights[i], over=_over_any)
            through = self.layout.flat(second)
            behind = [*damp([pulled.params + through]), *damp(pulled.state)]
            return j + 1, behind, tf.nest.map_structure(tf.add, total, pulled.theta)

        flat, state, _ = stores
        zeros = [tf.zeros_like(store[0]) for store in [flat, *floats(state)]]
        loop = (0, zeros, tf.nest.map_structure(tf.zeros_like, self.theta))
        _, adjoint, total = tf.while_loop(lambda j, *_: j <= length, body, loop, maximum_iterations=length + 1)
        return total, adjoint[1:]

    def _lift(self, f, t, flat, *more, over=over_problems):
        """`f(loss of params, params, …)` of one problem over all at step `t`; `flat` and `more` have axis B."""
        batches = self._batches
        seen = [] if batches is None else [at_step(batches, tf.minimum(t, self._goal.steps - 1))]

        def one(run):
            params, data, batch, extra = run
            return f(lambda p: self._goal.task.loss(p, data, batch[0] if batch else None), params, *extra)

        return over(one, (self.layout.nested(flat), self._data, seen, list(more)))


def value_and_gradient(loss, params):
    """Loss of one problem at params, and its gradient, like params."""
    with tf.GradientTape() as tape:
        tape.watch(params)
        value = loss(params)
    return value, dense(tape.gradient(value, params, unconnected_gradients=ZERO))


def _pull_back(loss, params, direction, weight):
    """∇(⟨∇f, direction⟩ + weight · f) at params: the adjoint of (gradient, loss), pulled back to params."""
    with tf.GradientTape() as tape:
        tape.watch(params)
        value, gradient = value_and_gradient(loss, params)
        pairs = zip(tf.nest.flatten(gradient), tf.nest.flatten(direction), strict=True)
        objective = weight * value + sum(tf.reduce_sum(g * d) for g, d in pairs)
    return tape.gradient(objective, params, unconnected_gradients=ZERO)


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
