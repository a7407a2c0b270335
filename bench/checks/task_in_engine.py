"""A task in the engine: does it vectorize, does company change nothing, does a race stay above the floor."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
import tensorflow as tf

import optimizers
from bench.checks.compare import first, gap
from bench.checks.result import Fault, one_line
from bench.checks.task_case import SEEDS, TaskCase, value_and_gradient
from bench.engine.graphs import nested, trace
from bench.engine.problems import Problems
from bench.engine.race import race

RATES = (1e-3, 1e-2, 0.1, 1.0)
FEW, SMALL = 20, 200
"""Steps of the race; SMALL for problems of at most SMALL parameters."""
_AGREE = 2e-3
"""Of float32 sums in another order, relative to the largest magnitude in a tensor."""


def vectorizes(case: TaskCase) -> None:
    """Two nested maps over problems and configurations, without TensorFlow's slow way out, give the same numbers.

    Nothing is asked of a task whose runs go one at a time.
    """
    task, width = case.task, 2
    if task.alone:
        return
    params, data = case.drawn
    batch = None if case.seen is None else first(tf.nest.map_structure(_steps_first, case.seen))
    runs = tf.nest.map_structure(lambda p: tf.repeat(p[:, None], width, axis=1), params)
    one = value_and_gradient(task)

    def single(run, problem):
        loss, gradients = one(run, problem[0], problem[1][0] if problem[1] else None)
        return loss, [leaf for leaf in tf.nest.flatten(gradients) if leaf is not None]

    try:
        arguments = runs, (data, [] if batch is None else [batch])
        together = trace(nested(single), *arguments)(*arguments)
    except Exception as problem:
        raise Fault(
            f"cannot be vectorized: {one_line(problem, 160)}; use operations tf.vectorized_map knows "
            "(patches @ matrix for a convolution)"
        ) from None
    for row in range(SEEDS):
        loss, gradients = case.value_and_gradient(*case.one(row))
        alone = loss, [leaf for leaf in tf.nest.flatten(gradients) if leaf is not None]
        for column in range(width):
            beside = tf.nest.map_structure(lambda leaf, at=(row, column): leaf[at], together)
            if (apart := gap(alone, beside)) > _AGREE:
                raise Fault(
                    f"loss or gradient of problem {row} differs by {apart:.1e} in a batch; index no batch axis and "
                    "keep no global state in loss"
                )


def above_the_floor(case: TaskCase) -> None:
    """No loss of a short race with Adam, at several learning rates, lies below `floor`."""
    task, floor = case.task, case.task.floor
    seeds = SEEDS if task.alone else task.tile[1]
    if not isinstance(floor, numbers.Real) or not math.isfinite(floor):
        raise Fault(f"floor is {floor!r}; give the lowest reachable evaluation loss, a finite number")
    size = sum(int(np.prod(leaf.shape)) for leaf in tf.nest.flatten(case.specifications[0]))
    entry = optimizers.get("adam")
    thetas = [{**entry.defaults, "learning_rate": rate} for rate in RATES]
    runs = race(entry, thetas, Problems(case.subject, "report", range(seeds), SMALL if size <= SMALL else FEW)).runs
    _all_start(runs.losses[0, :, 0], floor)
    if np.all(runs.losses == runs.losses[..., :1]):
        raise Fault("no loss changes along a race with Adam; compute the loss from params")
    reached = float(np.nanmin(runs.best))
    start = float(np.median(np.abs(runs.losses[..., 0])))
    if reached < floor - 1e-6 * max(abs(floor), abs(start)):
        raise Fault(
            f"a race reached {reached:.6g}, below floor = {floor:.6g}; set floor to the lowest reachable loss, "
            "or to a bound below it"
        )
    alone = [
        case.evaluate(*case.one(row)[:2]) if case.evaluate is not None else case.loss(*case.one(row))
        for row in range(min(SEEDS, seeds))
    ]
    if (apart := gap(alone, list(runs.losses[0, : len(alone), 0]))) > _AGREE:
        raise Fault(f"the engine's first losses differ by {apart:.1e} from one problem at a time; use float32 only")


def _all_start(initial: np.ndarray, floor: float) -> None:
    """The initial losses (problems,) are finite, and above the floor."""
    count = len(initial)
    if bad := int(np.sum(~np.isfinite(initial))):
        raise Fault(
            f"{bad} of {count} problems have no finite loss at the start; guard the sqrt, log or division, or start "
            "elsewhere"
        )
    if resting := int(np.sum(initial == floor)):
        raise Fault(
            f"{resting} of {count} problems start at the floor, where there is nothing to gain; start elsewhere"
        )


def tile(case: TaskCase) -> None:
    """`tile` is a pair of whole numbers: configurations × seeds of one call."""
    given = case.task.tile
    if len(given) != 2 or any(type(n) is not int or n < 1 for n in given):
        raise Fault(f"tile is {given!r}; give (configurations, seeds), e.g. (16, 16)")


def _steps_first(leaf: Any) -> Any:
    return tf.transpose(leaf, [1, 0, *range(2, leaf.shape.rank)])
