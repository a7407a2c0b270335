"""Programs of full and truncated backprop, over bench.metatraining.metagradient."""

from __future__ import annotations

import functools
import math

import tensorflow as tf

from bench.metatraining.adjoint import Layout, PerProblem, Rows
from bench.metatraining.componentwise import check_separable
from bench.metatraining.estimators.memory import BASE, state_floats
from bench.metatraining.goal import Goal
from bench.metatraining.metagradient import Estimate, SegmentStart, compile_metagradient, compile_segment


class Whole:
    """Nothing is carried but the problems; segment 0 is all there is, and `key` is not looked at."""

    def __init__(self, goal: Goal):
        self._goal = goal
        self._run = compile_metagradient(goal, separable=check_separable(goal.architecture))

    def begin(self, theta, params, data, batches):
        return params

    def segment(self, theta, carry, data, batches, k, key) -> tuple[Estimate, object]:
        return self._run(theta, carry, data, batches), carry

    def memory_bytes(self, params_count: int, problems: int) -> int:
        """Bytes that a program takes beyond this process: the stored unroll and the compiler's own."""
        return stored_bytes(self._goal, self._goal.steps, params_count, problems)


class Truncated:
    """`length` steps at a time; the last segment has what is left."""

    def __init__(self, goal: Goal, length: int):
        self._goal, self._length = goal, length
        self._separable = check_separable(goal.architecture)
        self._programs = functools.cache(self._compile)
        self._start = tf.function(self._begin, autograph=False)

    def begin(self, theta, params, data, batches) -> SegmentStart:
        return self._start(theta, params)

    def segment(self, theta, carry, data, batches, k, key) -> tuple[Estimate, SegmentStart]:
        start = k * self._length
        program = self._programs(min(self._length, self._goal.steps - start))
        return program(theta, carry, data, batches, tf.constant(start))

    def memory_bytes(self, params_count: int, problems: int) -> int:
        """As for full backprop, of one segment."""
        return stored_bytes(self._goal, self._length, params_count, problems)

    def _begin(self, theta, params) -> SegmentStart:
        layout = Layout(params)
        lane = (Rows if self._separable else PerProblem)(self._goal.architecture.build, layout)
        flat = layout.flat(params)
        return SegmentStart(params, lane.start(theta, flat), tf.zeros([flat.shape[0]], flat.dtype))

    def _compile(self, length: int):
        share = math.ceil(self._goal.steps / self._length) / (self._goal.steps + 1)
        return compile_segment(self._goal, length, share, separable=self._separable)


def stored_bytes(goal: Goal, length: int, params_count: int, problems: int) -> int:
    """Params, gradients and state of every step in float32, and the compiler's base."""
    step = 2 * params_count + state_floats(goal.architecture, params_count)
    return 4 * step * problems * (length + 1) + BASE
