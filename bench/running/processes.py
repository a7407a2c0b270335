"""Worker processes: one spawned per core, since TensorFlow does not survive a fork and one thread each scales best.

TensorFlow never frees a compiled program, so a process is renewed when it has compiled its share: memory then depends
on the number of workers alone, whatever the length of a suite. Imports no TensorFlow: a worker must set up its process
before TensorFlow is loaded.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.records.files import note
from bench.suites.jobs import Job

SHARE = 12
"""What a process does before another takes its place, in weights of jobs."""
WEIGHTS = {"light": 1, "medium": 2, "heavy": 6}
"""Weight of a cell by its task's cost: its programs keep about 15, 40 and 60–165 MB, compiling not counted."""


def in_processes(jobs: list[Job], out: Path, workers: int, import_files, bar: Any) -> None:
    """Do all jobs; `bar` is told `share(i, share)` and `finished(i, name)`. A killed worker is a UserError."""
    context = get_context("spawn")
    channel = context.SimpleQueue()
    lanes = [_Lane(context, (tuple(import_files), channel)) for _ in range(min(workers, len(jobs)))]
    try:
        _distribute(deque(enumerate(jobs)), out, lanes, channel, bar)
    except KeyboardInterrupt:
        note("stopping once the cells in flight are done")
        raise
    except BrokenProcessPool:
        raise UserError(
            "a worker process was killed (memory?); what it had finished is kept: run the same command again, "
            "with --workers 1 if memory is short"
        ) from None
    finally:
        for lane in lanes:
            lane.close()


def weight(job: Job) -> int:
    """Share of a process's life that a job takes."""
    from bench.lookup.resolve import named_task

    return WEIGHTS[named_task(job.task).task.cost] if job.kind == "cell" else SHARE // 2


class _Lane:
    """One process at a time, the next one started when the last has done its share."""

    def __init__(self, context: Any, arguments: tuple):
        self._make: Callable[[], ProcessPoolExecutor] = lambda: ProcessPoolExecutor(
            1, context, initializer=_start, initargs=arguments
        )
        self._pool, self._spent = self._make(), 0

    def submit(self, i: int, job: Job, out: Path) -> Future:
        if self._spent and self._spent + weight(job) > SHARE:
            self.close()
            self._pool, self._spent = self._make(), 0
        self._spent += weight(job)
        return self._pool.submit(_work, i, job, out)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def _distribute(waiting: deque, out: Path, lanes: list[_Lane], channel: Any, bar: Any) -> None:
    running: dict[Future, tuple[int, _Lane]] = {}
    idle = list(lanes)
    while waiting or running:
        while waiting and idle:
            (i, job), lane = waiting.popleft(), idle.pop()
            running[lane.submit(i, job, out)] = i, lane
        done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
        while not channel.empty():
            bar.share(*channel.get())
        for future in done:
            i, lane = running.pop(future)
            bar.finished(i, future.result())
            idle.append(lane)


_channel: Any = None
"""In a worker: where shares of its job go."""


def _start(import_files, channel) -> None:
    global _channel
    _channel = channel
    threading.Thread(target=_die_with_parent, daemon=True).start()
    from bench.engine import process
    from bench.lookup import plugins

    process.load_tensorflow()
    plugins.load_files(import_files)


def _die_with_parent() -> None:
    """A parent that is killed cannot say so, and its workers would wait for work for good."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _work(i: int, job: Job, out: Path) -> str:
    from bench.running.run import do

    return do(job, out, lambda share: _channel.put((i, share)))
