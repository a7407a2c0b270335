"""Runs one at a time, in one graph: for tasks whose models cannot be vectorized over runs.

XLA compiles the steps only where the task asks for it (`Task.compiled`): 200 steps of a small convolutional network
took it 15 s and TensorFlow's own kernels 0.3 s, but of a dense one of a million parameters two thirds of their time.
"""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np
import tensorflow as tf

from bench.engine.flat import Flat
from bench.engine.unroll import Plan, advance, begin, seeds_outside


class Alone:
    """Called as `programs.Program` is, and gives the same: losses at `points`, then what the task measures."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self._start, self._go = Flat(self._first, compiled=False), Flat(self._steps, compiled=plan.task.compiled)
        self._score, self._measure = Flat(self._scored, compiled=False), Flat(self._measured, compiled=False)
        self.seconds_compile = 0.0
        """So far: tracing, each time with the call it was for."""

    def __call__(self, params, data, batches, hyper, shared, points, progress) -> list[np.ndarray]:
        columns, seeds = self.plan.tile
        rows = []
        for seed, column in itertools.product(range(seeds), range(columns)):
            start, its, seen = tf.nest.map_structure(
                lambda t, i=seed: t if t is None else t[i], (params, data, batches)
            )
            mine = tf.nest.map_structure(lambda t, i=column: t[i], hyper)
            rows.append(self._run(start, its, seen, mine, shared, points))
            progress(1 / (seeds * columns))
        kept = [np.stack(part).reshape(seeds, columns, *part[0].shape) for part in zip(*rows, strict=True)]
        turned = kept if seeds_outside(data) else [np.swapaxes(part, 0, 1) for part in kept]
        return [np.moveaxis(turned[0], -1, 0), *turned[1:]]

    def _run(self, params, data, batches, hyper, shared, points) -> list[np.ndarray]:
        """Losses (K,), and each measure ()."""
        run, losses, step = self._called(self._start, params, data, hyper, shared), [], 0
        for point in points.tolist():
            if point > step:
                bounds = tf.constant(step), tf.constant(point)
                run = self._called(self._go, run, *bounds, data, batches, hyper, shared)
                step = point
            losses.append(self._called(self._score, run, data, hyper, shared).numpy())
        measures = self._called(self._measure, run, data, hyper, shared) if self.plan.task.measures else ()
        return [np.array(losses, "float32"), *(value.numpy() for value in measures)]

    def _called(self, f: Flat, *arguments: Any) -> Any:
        if not f.cold:
            return f.packed(f(*arguments))
        began = time.perf_counter()
        result = f.packed(f(*arguments))
        self.seconds_compile += time.perf_counter() - began
        return result

    def _first(self, params, data, hyper, shared):
        return begin(self.plan.task, self.plan.bind(hyper, shared, data), params, data)

    def _steps(self, run, step, until, data, batches, hyper, shared):
        task, optimizer = self.plan.task, self.plan.bind(hyper, shared, data)

        def body(step, run):
            batch = None if batches is None else tf.nest.map_structure(lambda b: b[step], batches)
            return step + 1, advance(task, optimizer, run, data, batch, step, self.plan.asks)[0]

        return tf.while_loop(lambda step, _: step < until, body, (step, run), parallel_iterations=1)[1]

    def _scored(self, run, data, hyper, shared):
        return self.plan.task.score(self.plan.scored(run, hyper, shared, data), run.held, data)

    def _measured(self, run, data, hyper, shared):
        return self.plan.task.measure(self.plan.scored(run, hyper, shared, data), run.held, data)
