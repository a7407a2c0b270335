"""When a suite will be done: how much of a process's life a job takes, and how jobs fall on processes."""

from __future__ import annotations

import heapq

from bench.suites.jobs import Job

START = 5.0
"""Seconds in which a worker process starts and imports TensorFlow, about."""
LIFE = 12
"""What a process does before another takes its place, in weights of jobs: TensorFlow never frees a program."""
WEIGHTS = {"light": 1, "medium": 2, "heavy": 6}
"""Weight of a cell by its task's cost: its programs keep about 15, 40 and 60–165 MB, compiling not counted."""


def weight(job: Job) -> int:
    """Share of a process's life that a job takes."""
    return WEIGHTS[job.subject.task.cost] if job.kind == "cell" else LIFE // 2


def finish_time(seconds: list[float], workers: int) -> float:
    """Seconds until all jobs are done when each of `workers` takes the next one in turn, starting up included."""
    free = [START] * max(1, min(workers, len(seconds)))
    for cost in seconds:
        heapq.heapreplace(free, free[0] + cost)
    return max(free) if seconds else 0.0
