"""The systems of one architecture at any θ: θ is an input of one compiled program, so that no network is traced anew.

Parameters are rows of one tensor instead of programs of their own, which is the same for an optimizer that treats them
alike; `systems` compares both at the θ it is given before it relies on it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from bench.probes.dynamics.component import NOT_TAKEN, pack, system_of, until_still
from bench.probes.dynamics.system import System
from optimizers import Optimizer

Build = Callable[[Mapping[str, Any]], Optimizer]
LEAST_ROWS, LEAST_STEPS = 8, 64
"""Rows and steps are padded to powers of two from these on: few sizes, few compilations."""


def systems(build: Build, theta: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], System]:
    """θ -> System for every θ of these shapes; `system_of` where rows are not alike.

    Raises ProbeError where the optimizer is no system at all.
    """
    whole = system_of(build(theta))
    try:
        family = _Family(build, theta)
        if _alike(family(theta), whole):
            return family
    except NOT_TAKEN:
        pass  # it does not take parameters as rows; `system_of` has taken it as it is
    return lambda other: system_of(build(other))


class _Family:
    """Programs over (θ, h: (N, n), g, t) of architectures whose states are float64 leaves of (parameters, …)."""

    def __init__(self, build: Build, theta: Mapping[str, Any]):
        self._build = build
        self._like = self._initial(theta)
        self._shapes = [tuple(leaf.shape[1:]) for leaf in tf.nest.flatten(self._like)]
        leaves = tf.nest.flatten(self._like)
        if any(leaf.dtype != tf.float64 or leaf.shape[:1] != (1,) for leaf in leaves):
            raise ValueError("its state is not a float64 row for each parameter")
        self._step = functools.cache(functools.partial(_concrete, self._advance))
        self._held = functools.cache(functools.partial(_concrete, self._hold))
        self._path = functools.cache(functools.partial(_concrete, self._roll))

    def __call__(self, theta: Mapping[str, Any]) -> System:
        names = sorted(theta)
        weights = [tf.constant(np.asarray(theta[name], float)) for name in names]
        about = (tuple(names), tuple(tuple(weight.shape) for weight in weights))

        def step(h, g, t):
            count, h, g = len(h), _padded(h), _padded(g)
            after, dx = self._step(*about, h.shape, g.shape, 1)(*weights, *_tensors(h, g, t))
            return after.numpy()[:count], dx.numpy()[:count]

        def path(h, gradients, t, stride):
            steps, count = gradients.shape
            h, wide = _padded(h), _padded(_padded(gradients, LEAST_STEPS).T).T
            program = self._path(*about, h.shape, wide.shape, 3)
            states, updates = program(*weights, *_tensors(h, wide, t, stride, steps))
            return states.numpy()[: steps + 1, :count], updates.numpy()[:steps, :count]

        def held(h, g, t, steps):
            count, h, g = len(h), _padded(h), _padded(g)
            program = self._held(*about, h.shape, g.shape, 2)
            return program(*weights, *_tensors(h, g, t, steps)).numpy()[:count]

        return System(step, pack(self._initial(theta)), path=path, held=held)

    def _initial(self, theta):
        return self._build(theta).init(tf.zeros((1,), tf.float64))

    def _advance(self, theta, h, g, t):
        parts = tf.split(h, [int(np.prod(shape)) for shape in self._shapes], axis=1) if self._shapes else []
        leaves = [tf.reshape(part, (-1, *shape)) for part, shape in zip(parts, self._shapes, strict=True)]
        state = tf.nest.pack_sequence_as(self._like, leaves)
        updates, state = self._build(theta).update(g, state, tf.zeros_like(g), t)
        rows = [tf.reshape(leaf, (tf.shape(g)[0], -1)) for leaf in tf.nest.flatten(state)]
        return tf.concat(rows, 1) if rows else h, updates

    def _hold(self, theta, h, g, t, steps):
        return until_still(lambda rows: tf.ensure_shape(self._advance(theta, rows, g, t)[0], h.shape), h, steps)[0]

    def _roll(self, theta, h, gradients, t, stride, steps):
        length, rows = gradients.shape

        def advance(i, h, states, updates):
            after, dx = self._advance(theta, h, gradients[i], t + stride * i)
            after = tf.ensure_shape(after, h.shape)
            return i + 1, after, states.write(i + 1, after), updates.write(i, dx)

        states = tf.TensorArray(tf.float64, length + 1, element_shape=h.shape).write(0, h)
        updates = tf.TensorArray(tf.float64, length, element_shape=(rows,))
        loop = tf.while_loop(lambda i, *_: i < steps, advance, (0, h, states, updates))
        return loop[2].stack(), loop[3].stack()


def _concrete(body, names, shapes, states, gradients, counts):
    """`body(θ, h, g, counts …)` compiled for these shapes, to be called on flat tensors."""
    specs = [tf.TensorSpec(shape, tf.float64) for shape in (*shapes, states, gradients)]

    def flat(*given):
        weights, rest = given[: len(names)], given[len(names) :]
        return body(dict(zip(names, weights, strict=True)), *rest)

    program = tf.function(flat, autograph=False, jit_compile=True)
    return program.get_concrete_function(*specs, *[tf.TensorSpec((), tf.int32)] * counts)


def _tensors(h: np.ndarray, gradients: np.ndarray, *counts: int) -> list[tf.Tensor]:
    return [tf.constant(h), tf.constant(gradients), *(tf.constant(count, tf.int32) for count in counts)]


def _padded(rows: np.ndarray, least: int = LEAST_ROWS) -> np.ndarray:
    """Rows (count, …) with zeros behind, up to the next power of two."""
    count = len(rows)
    wanted = max(least, 1 << max(count - 1, 0).bit_length())
    return np.concatenate([rows, np.zeros((wanted - count, *rows.shape[1:]))])


def _alike(family: System, whole: System) -> bool:
    """Whether both take the same steps, from states that gradients of several sizes lead to."""
    gradients = np.random.default_rng(3).standard_normal((20, 3)) * [0.01, 1.0, 100.0]
    start = np.tile(whole.h0, (3, 1))
    both = [system.rollout(start, gradients) for system in (family, whole)]
    return all(np.allclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True) for a, b in zip(*both, strict=True))
