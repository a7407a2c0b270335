"""Compiled tiles: an unroll called piece by piece, so that progress shows and a stop is prompt.

Where a piece ends moves no number: it is the compiled loop's bound, an argument.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from bench.engine import blocks, executor, lowered
from bench.engine.alone import Alone
from bench.engine.blocks import Blocks
from bench.engine.flat import Flat
from bench.engine.lowered import Lowered
from bench.engine.unroll import Plan, Unroll, nested, seeds_outside
from tasks import Task

PIECE = 0.25
"""Seconds a call should take: long enough to hide its own cost, short enough to wait for."""
FIRST = {"light": 1024, "medium": 64, "heavy": 8}
"""Steps of a piece by the task's cost, while nothing is known of how long they take."""

_LOSSES, _LIMIT = -5, -1
"""Among a Carry's flat tensors: losses, then total, best, first divergence, and the limit."""


class Program:
    """One plan's tile. Light tasks go from start to end in one program; others have a start of its own."""

    def __init__(self, plan: Plan):
        unroll = _unroll(plan)
        self.plan = plan
        self._light = plan.task.cost == "light"
        self._start, self._go, self._whole = (_piece(plan, f) for f in (unroll.start, unroll.go, unroll.whole))
        self._pace = 0.0
        self._measure = Flat(self._measured, compiled=False)
        self._kept: Any = None
        self._last = self._start
        self.seconds_compile = 0.0
        """So far: first calls, each with the steps it took."""

    def __call__(self, params, data, batches, hyper, shared, points, progress) -> list[np.ndarray]:
        """Losses (K, outer, inner) at `points` and, unless noisy, total, best and first diverged step (outer, inner).

        `progress` is told the share of the tile that each piece was.
        """
        total = int(points[-1]) + self.plan.lag
        tail = (self._points(points), data, batches, hyper, shared)
        results, step = None, 0
        while results is None or step < total:
            until = self._until(step, total)
            results = self._advanced(results, params, step, until, tail)
            progress((until - step) / max(total, 1))
            step = until
        # views, where numpy() copies
        kept = results[_LOSSES : _LOSSES + 1] if self.plan.noisy else results[_LOSSES:_LIMIT]
        if self.plan.task.measures:
            kept = [*kept, *self._measure(self._last.packed(results).run, data, hyper, shared)]
        return [np.asarray(memoryview(tensor)) for tensor in kept]

    def _measured(self, run, data, hyper, shared):
        """One run after the other, once a tile: metrics may do what no map over runs knows."""
        plan, task = self.plan, self.plan.task
        ends = nested(lambda run, d, h: plan.scored(run, h, shared, d), seeds_outside(data))(run, data, hyper)
        run = run._replace(params=ends)
        map_runs = functools.partial(tf.map_fn, fn_output_signature=[tf.float32] * len(task.measures))

        def row(runs, problem):
            return map_runs(lambda run: list(task.measure(run.params, run.held, problem)), runs)

        if seeds_outside(data):
            return map_runs(lambda mine: row(*mine), (run, data))
        return map_runs(lambda runs: row(runs, data), run)

    def _points(self, points: np.ndarray):
        """Kept as a tensor from one tile to the next."""
        if self._kept is None or self._kept[0] is not points:
            self._kept = points, tf.constant(points, tf.int32)
        return self._kept[1]

    def _until(self, step: int, total: int) -> int:
        """Where the next piece ends; no short one is left over for a program of its own."""
        size = max(1, int(PIECE / self._pace)) if self._pace else FIRST[self.plan.task.cost]
        return total if total - step < 2 * size else step + size

    def _advanced(self, results, params, step: int, until: int, tail) -> list:
        """Flat tensors of a Carry at step `until`, from those at `step`; None: from the start."""
        began, bound = time.perf_counter(), tf.constant(until, tf.int32)
        piece = self._whole if results is None and self._light else self._go
        cold = piece.cold
        if piece is self._whole:
            results = piece(params, bound, *tail)
        else:
            results = piece(self._carry(results, params, tail), bound, *tail)
        memoryview(results[_LOSSES])  # waits for it
        seconds = time.perf_counter() - began
        self._last = piece
        if cold:
            self.seconds_compile += seconds
        else:
            self._pace = seconds / (until - step)
        return results

    def _carry(self, results, params, tail) -> Any:
        if results is not None:
            return self._last.handed_on(results)
        points, data, _, hyper, shared = tail
        return self._start.handed_on(self._start(params, data, hyper, shared, points))


def _by_jaxlib() -> bool:
    return executor.chosen(os.environ) != executor.NAMES[0]


def _unroll(plan: Plan) -> Unroll:
    """In blocks, where they suit the plan and its compiler can make one kernel of a loop."""
    return Blocks(plan) if _by_jaxlib() and blocks.suit(plan) else Unroll(plan)


def _piece(plan: Plan, f: Callable) -> Flat | Lowered:
    """A function of the plan's unroll, compiled and run by whom the environment asks for."""
    return Lowered(f, plan, f.__name__) if _by_jaxlib() else Flat(f)


def compiler(task: Task, build: Callable) -> str:
    """Whose XLA compiled what was raced of a task and an optimizer, as a record says it."""
    if not _by_jaxlib():
        return "XLA"
    reason = lowered.refused(task, build)
    return f"TensorFlow's XLA, since jaxlib does not take it: {reason}" if reason else "jaxlib's XLA"


@functools.lru_cache(maxsize=64)
def program(plan: Plan, points: int) -> Program | Alone:
    """The program of a plan for so many recorded points; kept, so that a cell's tuning and reporting share it."""
    return Alone(plan) if plan.task.alone else Program(plan)
