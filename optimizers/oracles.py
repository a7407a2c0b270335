"""Oracles: what can be reached by who knows the problem. Ceilings to look at, never ranked.

They run on convex quadratics only. Each is built as build(θ, loss), where `loss` maps parameters to the noise-free loss
of one problem, and gets curvature from it by products with the Hessian.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from optimizers.base import Entry, Optimizer
from optimizers.registry import register

Loss = Callable[[Any], Any]
NEEDS = ("quadratic", "convex")
"""Tags of the tasks that oracles run on."""


def fixed_step(theta: Mapping[str, Any], loss: Loss) -> Optimizer:
    """x ← x − α g with α = 2 / (λ_min + λ_max), the best constant in the long run (Polyak, 1987).

    Over a short run a step tuned for it may do better: one that leaves the flattest direction alone.
    """

    def init(params):
        low, high = spectrum(loss, params)
        return 2.0 / (low + high)

    def update(gradients, state, params, step):
        return _map(lambda g: -state * g, gradients), state

    return Optimizer(init, update)


def heavy_ball(theta: Mapping[str, Any], loss: Loss) -> Optimizer:
    """v ← β v − α g, x ← x + v with α = 4 / (√λ_max + √λ_min)², β = ((√λ_max − √λ_min) / (√λ_max + √λ_min))².

    The best constants in the long run (Polyak, 1964). State: (α, β, v).
    """
    import tensorflow as tf

    def init(params):
        low, high = (tf.sqrt(end) for end in spectrum(loss, params))
        rate, momentum = 4.0 / (high + low) ** 2, ((high - low) / (high + low)) ** 2
        return rate, momentum, _map(tf.zeros_like, params)

    def update(gradients, state, params, step):
        rate, momentum, velocity = state
        velocity = _map(lambda v, g: momentum * v - rate * g, velocity, gradients)
        return velocity, (rate, momentum, velocity)

    return Optimizer(init, update)


def conjugate_gradient(theta: Mapping[str, Any], loss: Loss) -> Optimizer:
    """d ← −g + (|g|² / |g_before|²) d, x ← x + α d with the exact α = −gᵀd / dᵀHd (Hestenes and Stiefel, 1952).

    State: (d, |g|²). Once the gradient is zero it rests.
    """
    import tensorflow as tf

    def init(params):
        return _map(tf.zeros_like, params), tf.constant(1.0)

    def update(gradients, state, params, step):
        before, size_before = state
        size = _dot(gradients, gradients)
        beta = tf.math.divide_no_nan(size, size_before)
        direction = _map(lambda d, g: beta * d - g, before, gradients)
        curvature = _dot(direction, hessian_product(loss, params, direction))
        alpha = tf.math.divide_no_nan(-_dot(gradients, direction), curvature)
        return _map(lambda d: alpha * d, direction), (direction, size)

    return Optimizer(init, update)


def newton(theta: Mapping[str, Any], loss: Loss) -> Optimizer:
    """x ← x − H⁻¹ g. State: eigenvalues and eigenvectors of H, (n,) and (n, n) for n parameters.

    Eigenvalues below 1e-7 λ_max are float32's rounding, and are taken for that.
    """
    import tensorflow as tf

    def init(params):
        values, vectors = tf.linalg.eigh(hessian(loss, params))
        return tf.maximum(values, 1e-7 * values[-1]), vectors

    def update(gradients, state, params, step):
        values, vectors = state
        coordinates = tf.matmul(_flat(gradients)[None], vectors) / values
        direction = tf.matmul(coordinates, vectors, transpose_b=True)[0]
        return _unflat(-direction, gradients), state

    return Optimizer(init, update)


def hessian_product(loss: Loss, params, direction):
    """H d, structured as the parameters: the gradient of gᵀd."""
    import tensorflow as tf

    with tf.GradientTape() as outer:
        outer.watch(params)
        with tf.GradientTape() as inner:
            inner.watch(params)
            value = loss(params)
        gradients = inner.gradient(value, params, unconnected_gradients="zero")
        slope = _dot(gradients, direction)
    return outer.gradient(slope, params, unconnected_gradients="zero")


def hessian(loss: Loss, params):
    """(n, n) symmetric, over the n parameters one after another."""
    import tensorflow as tf

    def row(unit):
        return _flat(hessian_product(loss, params, _unflat(unit, params)))

    rows = tf.vectorized_map(row, tf.eye(_flat(params).shape[0]), fallback_to_while_loop=False)
    return 0.5 * (rows + tf.transpose(rows))


def spectrum(loss: Loss, params):
    """(λ_min, λ_max) of the Hessian; float32 knows λ_min to about 1e-7 λ_max."""
    import tensorflow as tf

    values = tf.linalg.eigvalsh(hessian(loss, params))
    return tf.maximum(values[0], 0.0), values[-1]


def _map(f, *structures):
    import tensorflow as tf

    return tf.nest.map_structure(f, *structures)


def _dot(a, b):
    import tensorflow as tf

    pairs = zip(tf.nest.flatten(a), tf.nest.flatten(b), strict=True)
    return tf.add_n([tf.reduce_sum(x * y) for x, y in pairs])


def _flat(structure):
    import tensorflow as tf

    return tf.concat([tf.reshape(leaf, [-1]) for leaf in tf.nest.flatten(structure)], 0)


def _unflat(vector, like):
    import tensorflow as tf

    leaves = tf.nest.flatten(like)
    sizes = [leaf.shape.num_elements() for leaf in leaves]
    parts = tf.split(vector, sizes)
    shaped = [tf.reshape(part, leaf.shape) for part, leaf in zip(parts, leaves, strict=True)]
    return tf.nest.pack_sequence_as(like, shaped)


_oracle = partial(Entry, kind="oracle", informed=True, needs=NEEDS, discloses={"sees_loss": True})
ENTRIES = (
    _oracle("oracle-fixed-step", build=fixed_step, reference="Polyak, Introduction to optimization, 1987"),
    _oracle(
        "oracle-heavy-ball",
        build=heavy_ball,
        reference="Polyak, Some methods of speeding up the convergence of iteration methods, 1964",
    ),
    _oracle(
        "oracle-conjugate-gradient",
        build=conjugate_gradient,
        reference="Hestenes and Stiefel, Methods of conjugate gradients for solving linear systems, 1952",
    ),
    _oracle("oracle-newton", build=newton, reference="Nocedal and Wright, Numerical optimization, 2006"),
)


def register_oracles() -> None:
    """Register every oracle."""
    for entry in ENTRIES:
        register(entry)
