"""The meta-gradient: the derivative in θ of what an optimizer's whole run cost.

A run is forward a loop that keeps params and state of every step, backward a loop that linearizes one step
at a time: adjoint(t) = (∂step/∂(params, state))ᵀ adjoint(t + 1) + ∂loss/∂params. The step is single-instance
code under `tf.vectorized_map` with θ closed over; the tape stays outside the map, so that θ's gradient is
summed over problems at once. The explicit loop is there for two things that automatic differentiation cannot
do: keep the adjoint in bounds at every step (plain backpropagation explodes to 1e18 on Rosenbrock's function),
and compile by XLA around a vectorized map.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

from optimizers import Optimizer
from tasks import Task


class Metagradient(NamedTuple):
    """The meta-loss (), its gradient, a mapping like θ, and the losses (steps + 1, problems)."""

    value: Any
    gradient: dict[str, Any]
    losses: Any


@dataclass(frozen=True, eq=False)
class Unroll:
    """Runs of the optimizer `build(θ)` on problems of `task`: `steps` updates, `steps` + 1 losses.

    Problems are params and data with leading axis problems, batches with axes (problems, steps + 1) or None.
    """

    task: Task
    build: Callable[[Mapping[str, Any]], Optimizer]
    steps: int

    def start(self, theta, params):
        """(params, state) before the first step."""
        optimizer = self.build(theta)
        return params, _map(optimizer.init, params)

    def step(self, theta, carry, data, batch, number):
        """(params, state) after step `number` (), and the losses (problems,) before it."""
        optimizer = self.build(theta)

        def one(problem):
            (params, state), data, batch = problem
            loss, gradients = _loss_and_gradients(self.task, params, data, batch)
            updates, state = optimizer.update(gradients, state, params, number)
            return (tf.nest.map_structure(tf.add, params, updates), state), loss

        return _map(one, (carry, data, batch))

    def loss(self, params, data, batch):
        """Losses (problems,)."""
        return _map(lambda problem: self.task.loss(*_none(problem)), (params, data, batch))

    def forward(self, theta, params, data, batches):
        """Losses (steps + 1, problems), last params, and (params, state) before every step, leading axis steps."""
        carry = self.start(theta, params)
        empty = [_array(leaf, self.steps) for leaf in tf.nest.flatten(carry)]
        losses = tf.TensorArray(tf.float32, self.steps + 1, element_shape=[_problems(params)])

        def body(number, carry, kept, losses):
            kept = [a.write(number, x) for a, x in zip(kept, tf.nest.flatten(carry), strict=True)]
            carry, loss = self.step(theta, carry, data, _at(batches, number), number)
            return number + 1, carry, kept, losses.write(number, loss)

        _, last, kept, losses = self._loop(body, (tf.constant(0), carry, empty, losses))
        losses = losses.write(self.steps, self.loss(last[0], data, _at(batches, self.steps)))
        kept = tf.nest.pack_sequence_as(carry, [array.stack() for array in kept])
        return losses.stack(), last, kept

    def backward(self, theta, kept, last, data, batches, weights, tame):
        """θ's gradient of Σ weights · losses; `weights` (steps + 1, problems), `tame` bounds an adjoint."""
        final = _at(batches, self.steps)
        adjoint = _pull(lambda p: self.loss(p, data, final), (last[0],), weights[self.steps])[0]
        adjoint = [*tf.nest.flatten(adjoint), *map(tf.zeros_like, _floats(last[1]))]

        def body(done, adjoint, total):
            number = self.steps - 1 - done
            carry = tf.nest.map_structure(lambda leaf: leaf[number], kept)
            batch = _at(batches, number)

            def step(theta, floats):
                after, loss = self.step(theta, _refill(carry, floats), data, batch, number)
                return [*_floats(after), loss]

            slope, adjoint = _pull(step, (theta, _floats(carry)), [*adjoint, weights[number]])
            return done + 1, self._tamed(tame, adjoint, carry), _add(total, slope)

        zeros = tf.nest.map_structure(tf.zeros_like, theta)
        _, adjoint, total = self._loop(body, (tf.constant(0), adjoint, zeros))
        params = tf.nest.map_structure(lambda leaf: leaf[0], kept[0])
        of_state = adjoint[len(tf.nest.flatten(params)) :]
        start = _pull(lambda theta: _floats(self.start(theta, params)[1]), (theta,), of_state)[0]
        return _add(total, start)

    def _tamed(self, tame, adjoint, carry):
        """The adjoints of params and of state, each bounded by itself."""
        n = len(tf.nest.flatten(carry[0]))
        return [*tame(adjoint[:n]), *tame(adjoint[n:])]

    def _loop(self, body, start):
        return tf.while_loop(
            lambda number, *_: number < self.steps,
            body,
            start,
            maximum_iterations=self.steps,
            parallel_iterations=1,
        )


def metagradient(
    task: Task, build, metaloss, *, steps: int, discount: float = 1.0, clip: float = math.inf
) -> Callable[..., Metagradient]:
    """A compiled function (θ, params, data, batches) -> Metagradient of `metaloss`: losses -> ().

    Going backward, each problem's adjoint is limited to `clip` × the median norm over problems (from three
    problems on) and multiplied by `discount` at every step; one that is not finite is dropped.
    """
    unroll = Unroll(task, build, steps)
    tame = _taming(discount, clip)

    @tf.function(jit_compile=True, autograph=False)
    def run(theta, params, data, batches=None):
        losses, last, kept = unroll.forward(theta, params, data, batches)
        with tf.GradientTape() as tape:
            tape.watch(losses)
            value = metaloss(losses)
        weights = tape.gradient(value, losses)
        gradient = unroll.backward(theta, kept, last, data, batches, weights, tame)
        return Metagradient(value, gradient, losses)

    return run


def unrolled_losses(task: Task, build, *, steps: int) -> Callable[..., Any]:
    """A compiled function (θ, params, data, batches) -> losses (steps + 1, problems)."""
    unroll = Unroll(task, build, steps)

    @tf.function(jit_compile=True, autograph=False)
    def run(theta, params, data, batches=None):
        return unroll.forward(theta, params, data, batches)[0]

    return run


def _taming(discount: float, clip: float):
    """A function on the leaves (problems, …) of an adjoint: drop non-finite, clip, discount."""

    def tame(leaves):
        if not leaves or (math.isinf(clip) and discount == 1.0):
            return leaves
        squares = tf.add_n([tf.reduce_sum(_rows(leaf) ** 2, axis=1) for leaf in leaves])
        finite = tf.math.is_finite(squares)
        scale = discount * _clipping(tf.where(finite, squares, math.inf), clip)
        return [_scaled(leaf, tf.where(finite, scale, 0.0), finite) for leaf in leaves]

    return tame


def _clipping(squares, clip: float):
    """Factors (problems,) that bring norms to `clip` × their median at most."""
    problems = squares.shape[0]
    if problems < 3 or math.isinf(clip):
        return tf.ones_like(squares)
    median = tf.sort(squares)[problems // 2]
    bounded = tf.minimum(1.0, clip * tf.sqrt(median / tf.maximum(squares, 1e-36)))
    return tf.where((median > 0.0) & tf.math.is_finite(median), bounded, 1.0)


def _scaled(leaf, scale, finite):
    rows = tf.where(finite[:, None], _rows(leaf), 0.0) * scale[:, None]
    return tf.reshape(rows, leaf.shape)


def _rows(leaf):
    return tf.reshape(leaf, [leaf.shape[0], -1])


def _loss_and_gradients(task, params, data, batch):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(tf.nest.flatten(params))
        loss = task.loss(*_none((params, data, batch)))
    return loss, tape.gradient(loss, params, unconnected_gradients="zero")


def _pull(function, at, cotangents):
    """(∂function(*at)/∂at)ᵀ cotangents, one nest per argument."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(tf.nest.flatten(at))
        outputs = function(*at)
    return tape.gradient(outputs, at, output_gradients=cotangents, unconnected_gradients="zero")


def _map(function, elements):
    return tf.vectorized_map(function, elements, fallback_to_while_loop=False)


def _at(batches, number):
    """What step `number` sees; () for a deterministic task, because a map cannot carry None."""
    if batches is None:
        return ()
    return tf.nest.map_structure(lambda leaf: tf.gather(leaf, number, axis=1), batches)


def _none(problem):
    params, data, batch = problem
    return params, data, None if isinstance(batch, tuple) and batch == () else batch


def _problems(params) -> int:
    return tf.nest.flatten(params)[0].shape[0]


def _array(leaf, size):
    return tf.TensorArray(leaf.dtype, size, element_shape=leaf.shape)


def _floats(nest):
    """Leaves that can be differentiated; counters and switches cannot."""
    return [leaf for leaf in tf.nest.flatten(nest) if leaf.dtype.is_floating]


def _refill(nest, floats):
    """`nest` with its floating leaves replaced in order."""
    source = iter(floats)
    return tf.nest.map_structure(lambda x: next(source) if x.dtype.is_floating else x, nest)


def _add(a, b):
    return tf.nest.map_structure(tf.add, a, b)
