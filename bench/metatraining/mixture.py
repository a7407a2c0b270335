"""Which task an iteration trains on, and which of its problems."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from bench.engine.keys import LIMIT, digest, keys
from bench.lookup.named import NamedTask
from bench.metatraining.settings import Settings


class Draw(NamedTuple):
    """Task number `task` and the numbers of its problems."""

    task: int
    numbers: list[int]


def draw(settings: Settings, tasks: int, iteration: int) -> Draw:
    """What iteration number `iteration`, the first being 0, sees; no problem comes twice."""
    i = _task(digest(f"mixture/{settings.seed}/{iteration}"), tasks, settings.weights)
    first = digest(f"metatrain/{settings.seed}") + iteration * settings.largest_batch
    return Draw(i, [(first + k) % (2**31 - 2**17) for k in range(settings.batch_of(i))])


def segments(settings: Settings, most: int, iteration: int) -> int:
    """How many of `most` segments an iteration runs: all, or with `unroll_least` a number drawn for it."""
    if settings.unroll_least is None:
        return most
    share = digest(f"horizon/{settings.seed}/{iteration}") / LIMIT
    steps = settings.unroll_least * (settings.unroll / settings.unroll_least) ** share
    return min(most, max(1, round(most * steps / settings.unroll)))


def problems(subject: NamedTask, purpose: str, numbers, steps: int) -> tuple[Any, Any, Any]:
    """(params, data, what each of `steps` steps sees) of the problems of `subject` numbered `numbers`."""
    from bench.engine.sampling import batches, sample

    name, task = subject
    seen = batches(task, keys(name, "batches-" + purpose, numbers), steps)
    return *sample(task, keys(name, purpose, numbers)), seen


def _task(number: int, tasks: int, weights: tuple[float, ...] | None) -> int:
    """A task number from a uniform one in [0, LIMIT)."""
    if weights is None:
        return number % tasks
    edges = np.cumsum(weights) / np.sum(weights)
    return min(int(np.searchsorted(edges, number / LIMIT, side="right")), tasks - 1)
