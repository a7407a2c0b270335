"""One optimizer's code over many problems, and its adjoint: as rows of one tensor, or problem by problem in a map.

An optimizer that treats every parameter by itself takes those of all problems at once, as one tensor (problems,
parameters). One that looks at several together needs a map over problems; its tape is then inside the map, and the
gradients in θ of single problems are added after it. Nothing is ever differentiated through `vectorized_map`: such a
gradient is compiled anew for every value of its inputs.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from optimizers import Optimizer

over_problems = functools.partial(tf.vectorized_map, fallback_to_while_loop=False)
ZERO = tf.UnconnectedGradients.ZERO


class Layout:
    """Nested params of a problem as one vector, and back, under any leading axes."""

    def __init__(self, params):
        """`params`: those of all problems, (problems, …)."""
        self._params = params
        self._shapes = [leaf.shape[1:] for leaf in tf.nest.flatten(params)]
        self.sizes = [math.prod(shape) for shape in self._shapes]

    def flat(self, params):
        """(…, parameters)."""
        leaves = zip(tf.nest.flatten(params), self._shapes, strict=True)
        rows = [tf.reshape(x, [*x.shape[: x.shape.rank - shape.rank], -1]) for x, shape in leaves]
        return tf.concat(rows, axis=-1)

    def nested(self, flat):
        """Params from (…, parameters)."""
        parts = zip(tf.split(flat, self.sizes, axis=-1), self._shapes, strict=True)
        leaves = [tf.reshape(part, [*flat.shape[:-1], *shape]) for part, shape in parts]
        return tf.nest.pack_sequence_as(self._params, leaves)


class Pulled(NamedTuple):
    """Gradients of ⟨params + updates, adjoint⟩ + ⟨new state, adjoint⟩; `theta` summed over problems."""

    params: tf.Tensor
    state: list
    gradients: tf.Tensor
    theta: dict


class Rows:
    """The optimizer once, on params (problems, parameters)."""

    def __init__(self, build: Callable, layout: Layout):
        self._build = build

    def start(self, theta, flat):
        return self._build(theta).init(flat)

    def update(self, theta, gradients, state, flat, t):
        return self._build(theta).update(gradients, state, flat, t)

    def pull_start(self, theta, flat, ahead):
        """Gradient in θ of ⟨state at the start, `ahead`⟩."""
        with tf.GradientTape() as tape:
            tape.watch(theta)
            state = floats(self.start(theta, flat))
        return tape.gradient(state, theta, ahead, unconnected_gradients=ZERO)

    def pull(self, theta, gradients, state, flat, t, ahead) -> Pulled:
        """`ahead`: the adjoints of params and of the floating leaves of the state, after the step."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch((flat, floats(state), gradients, theta))
            updates, after = self.update(theta, gradients, state, flat, t)
            pairs = zip([flat + updates, *floats(after)], ahead, strict=True)
            objective = sum(tf.reduce_sum(value * adjoint) for value, adjoint in pairs)
        sources = (flat, floats(state), gradients, theta)
        return Pulled(*tape.gradient(objective, sources, unconnected_gradients=ZERO))


class PerProblem:
    """The optimizer in a map over problems, on the nested params of each."""

    def __init__(self, build: Callable, layout: Layout):
        self._layout = layout
        self._one = Rows(self._nested(build), layout)

    def _nested(self, build):
        """`build`, for an optimizer of one problem's params as a vector."""
        nested, flat = self._layout.nested, self._layout.flat

        def bound(theta):
            optimizer = build(theta)

            def update(gradients, state, params, t):
                updates, state = optimizer.update(nested(gradients), state, nested(params), t)
                return flat(updates), state

            return Optimizer(lambda params: optimizer.init(nested(params)), update)

        return bound

    def start(self, theta, flat):
        return over_problems(lambda x: self._one.start(theta, x), flat)

    def update(self, theta, gradients, state, flat, t):
        def one(each):
            gradients, state, x = each
            return self._one.update(theta, gradients, state, x, t)

        return over_problems(one, (gradients, state, flat))

    def pull_start(self, theta, flat, ahead):
        return _summed(over_problems(lambda each: self._one.pull_start(theta, *each), (flat, ahead)))

    def pull(self, theta, gradients, state, flat, t, ahead) -> Pulled:
        def one(each):
            gradients, state, x, ahead = each
            return self._one.pull(theta, gradients, state, x, t, ahead)

        pulled = over_problems(one, (gradients, state, flat, ahead))
        return pulled._replace(theta=_summed(pulled.theta))


def _summed(theta):
    return tf.nest.map_structure(lambda leaf: tf.reduce_sum(leaf, axis=0), theta)


def floats(nested) -> list:
    return [leaf for leaf in tf.nest.flatten(nested) if leaf.dtype.is_floating]
