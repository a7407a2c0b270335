"""When a suite will be done: how much of a process's life a job takes, and how jobs fall on processes."""

from __future__ import annotations

import heapq
import os
from contextlib import suppress

from bench.suites.jobs import Job

START = 3.0
"""Seconds in which a worker process starts and imports TensorFlow, about."""
LIFE = 1024
"""MiB that calls may leave behind in a process before another takes its place: TensorFlow never frees a program."""
WEIGHTS = {"light": 15, "medium": 40, "heavy": 165}
"""MiB that the programs of a cell are expected to keep, by its task's cost, compiling not counted."""
READING = 60
"""The same of the probes of an optimizer."""
FEW = 180
"""MiB that jobs may leave behind in the process that runs the suite."""


def weight(job: Job) -> int:
    """MiB that a job is expected to leave behind."""
    return WEIGHTS[job.subject.task.cost] if job.kind == "cell" else READING


def life(workers: int, limited: bool = False) -> int:
    """MiB: LIFE, or less, so that what so many processes leave behind is at most a third of the machine's memory.

    A quarter of it where cells are `limited` in memory: a limit is for a cell, not for what others left.
    """
    with suppress(OSError, ValueError, AttributeError):
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
        return min(LIFE, whole // (3 * workers)) // (4 if limited else 1)
    return LIFE // 4


def finish_time(seconds: list[float], workers: int) -> float:
    """Seconds until all jobs are done when each of `workers` takes the next one in turn, starting up included."""
    free = [START] * max(1, min(workers, len(seconds)))
    for cost in seconds:
        heapq.heapreplace(free, free[0] + cost)
    return max(free) if seconds else 0.0
