"""Evolution strategies: the meta-gradient from losses of runs with perturbed θ, nothing differentiated in θ.

Every problem has `pairs` perturbations ε of its own, each run with θ + ε and with θ − ε; for "truncated" there is one
more run with θ, which the next segment goes on from. Along the axis of particles come all problems for the first ε, for
the second …, the same for −ε, and the runs with θ. With s = ε, or for "persistent" the sum of the ε of all segments so
far, the estimate is the mean over problems and pairs of

    (L⁺ − L⁻) · s / (2 deviation²)
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import tensorflow as tf

from bench.engine.unroll import at_step
from bench.metatraining.adjoint import over_problems
from bench.metatraining.estimators.memory import BASE, state_floats
from bench.metatraining.goal import Goal
from bench.metatraining.metagradient import Estimate, value_and_gradient


class Particles(NamedTuple):
    """Where runs stand: params and state (n, …), f₀ (n,), sums of perturbations (pairs · problems, …).

    n is the number of particles for "persistent", of problems otherwise. What no step has made yet is ().
    """

    params: Any
    state: Any = ()
    first: Any = ()
    sums: Any = ()


class Evolution:
    """`mode`: "whole", "truncated" or "persistent"."""

    def __init__(self, goal: Goal, length: int, deviation: float, pairs: int, mode: str):
        self._goal, self._length, self._mode = goal, length, mode
        self._deviation, self._pairs = deviation, pairs
        self._copies = 2 * pairs + (mode == "truncated")
        self._share = math.ceil(goal.steps / length) / (goal.steps + 1)
        self._programs = functools.cache(functools.partial(compile_unroll, goal))
        self._perturb = tf.function(self._perturbed, autograph=False)
        self._init = tf.function(self._initial, autograph=False)
        self._weigh = tf.function(self._weighed, autograph=False)

    def begin(self, theta, params, data, batches) -> Particles:
        return Particles(self._tiled(params) if self._mode == "persistent" else params)

    def segment(self, theta, carry: Particles, data, batches, k, key) -> tuple[Estimate, Particles]:
        """Segment `k`, perturbed by draws from `key`, (2,) int32; `losses` are means over particles."""
        start, persistent = k * self._length, self._mode == "persistent"
        params, state, first, sums = carry
        if not persistent:
            params, state, first = self._tiled((params, state, first))
        problems = tf.nest.flatten(params)[0].shape[0] // self._copies
        thetas, noise = self._perturb(theta, tf.convert_to_tensor(key, tf.int32), problems)
        sums = tf.nest.map_structure(tf.add, sums, noise) if persistent and k else noise
        state = state if k else self._init(thetas, params)
        length = min(self._length, self._goal.steps - start)
        losses, params, state = self._programs(length)(thetas, params, state, data, batches, tf.constant(start))
        first = first if k else losses[0]
        estimate = self._weigh(losses, first, sums, tf.constant(start))
        if self._mode == "whole":
            return estimate, carry
        ahead = params, state, first
        if persistent:
            return estimate, Particles(*ahead, sums)
        return estimate, Particles(*tf.nest.map_structure(lambda leaf: leaf[-problems:], ahead))

    def memory_bytes(self, params_count: int, problems: int) -> int:
        """Params, gradients, state and θ of all particles, twice: what a step reads and what it writes."""
        architecture = self._goal.architecture
        theta = sum(value.size for value in architecture.initial(0).values())
        one = 2 * params_count + state_floats(architecture, params_count) + theta
        return 2 * 4 * one * problems * self._copies + BASE

    def _tiled(self, nest):
        return tf.nest.map_structure(lambda leaf: tf.concat([leaf] * self._copies, 0), nest)

    def _perturbed(self, theta, key, problems: int):
        """θ of all particles, and ε of every pair and problem; a stream of its own for every leaf."""
        thetas, noise = {}, {}
        for i, (name, value) in enumerate(sorted(theta.items())):
            stream = tf.random.experimental.stateless_fold_in(key, i, alg="philox")
            shape = [self._pairs * problems, *value.shape]
            drawn = tf.random.stateless_normal(shape, stream, dtype=value.dtype, alg="philox")
            noise[name] = self._deviation * drawn
            still = tf.zeros_like(noise[name][: problems * (self._copies % 2)])
            thetas[name] = value + tf.concat([noise[name], -noise[name], still], 0)
        return thetas, noise

    def _initial(self, thetas, params):
        build = self._goal.architecture.build
        return over_problems(lambda each: build(each[0]).init(each[1]), (thetas, params))

    def _weighed(self, losses, first, sums, start) -> Estimate:
        scores = self._goal.score.of_segment(losses, first, start, self._share)
        number = tf.nest.flatten(sums)[0].shape[0]
        up, down = scores[:number], scores[number : 2 * number]
        slopes = (up - down) / (2.0 * self._deviation**2)
        gradients = {name: tf.tensordot(slopes, total, 1) / number for name, total in sums.items()}
        curves = tf.reshape(losses, [losses.shape[0], self._copies, -1])
        return Estimate(0.5 * tf.reduce_mean(up + down), tf.reduce_mean(curves, axis=1), gradients)


def compile_unroll(goal: Goal, length: int):
    """Program (θ, params, state, each of all particles, data (B, …), batches (B, T, …) | None, start) -> losses (length
    + 1, particles), params and state `length` steps on.
    """
    task, build = goal.task, goal.architecture.build

    @tf.function(jit_compile=True, autograph=False)
    def program(thetas, params, state, data, batches, start):
        particles = tf.nest.flatten(params)[0].shape[0]
        data = _repeated(data, particles)

        def seen(t):
            if batches is None:
                return []
            return [_repeated(at_step(batches, tf.minimum(t, goal.steps - 1)), particles)]

        def step(each, t):
            theta, params, state, data, batch = each
            value, gradients = value_and_gradient(lambda p: task.loss(p, data, batch[0] if batch else None), params)
            updates, state = build(theta).update(gradients, state, params, t)
            return value, tf.nest.map_structure(tf.add, params, updates), state

        def body(i, params, state, losses):
            runs = thetas, params, state, data, seen(start + i)
            values, params, state = over_problems(lambda each: step(each, start + i), runs)
            return i + 1, params, state, losses.write(i, values)

        losses = tf.TensorArray(tf.float32, length + 1, element_shape=[particles])
        _, params, state, losses = tf.while_loop(
            lambda i, *_: i < length, body, (0, params, state, losses), maximum_iterations=length
        )
        last = over_problems(
            lambda each: task.loss(each[0], each[1], each[2][0] if each[2] else None),
            (params, data, seen(start + length)),
        )
        return losses.write(length, last).stack(), params, state

    return program


def _repeated(nest, particles: int):
    """Leading axis problems, repeated to that many particles."""
    return tf.nest.map_structure(lambda leaf: tf.concat([leaf] * (particles // leaf.shape[0]), 0), nest)
