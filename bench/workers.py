"""Worker processes: one spawned per core, since TensorFlow does not survive a fork and one thread each scales best.

Imports no TensorFlow: a worker must set up its process before TensorFlow is loaded.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.files import note
from bench.planning import Job

CHUNK = 8
"""Jobs a process does before another takes its place: TensorFlow never frees a compiled program, 15–75 MB each."""


def in_processes(jobs: list[Job], out: Path, workers: int, import_files, bar: Any) -> None:
    """Do all jobs; `bar` is told `share(i, share)` and `finished(i, name)`. A killed worker is a UserError."""
    numbered = list(enumerate(jobs))
    size = CHUNK * workers
    try:
        for start in range(0, len(jobs), size):
            _in_new_processes(numbered[start : start + size], out, workers, import_files, bar)
    except BrokenProcessPool:
        raise UserError(
            "a worker process was killed (memory?); what it had finished is kept: run the same command again, "
            "with --workers 1 if memory is short"
        ) from None


def _in_new_processes(numbered, out, workers, import_files, bar) -> None:
    context = get_context("spawn")
    channel = context.SimpleQueue()
    pool = ProcessPoolExecutor(
        min(workers, len(numbered)),
        context,
        initializer=_start,
        initargs=(tuple(import_files), channel),
    )
    try:
        waiting = {pool.submit(_work, i, job, out): i for i, job in numbered}
        while waiting:
            done, _ = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
            while not channel.empty():
                bar.share(*channel.get())
            for future in done:
                bar.finished(waiting.pop(future), future.result())
    except KeyboardInterrupt:
        note("stopping once the cells in flight are done")
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_channel: Any = None
"""In a worker: where shares of its job go."""


def _start(import_files, channel) -> None:
    global _channel
    _channel = channel
    threading.Thread(target=_die_with_parent, daemon=True).start()
    from bench import imports, runtime

    runtime.load_tensorflow()
    imports.load_files(import_files)


def _die_with_parent() -> None:
    """A parent that is killed cannot say so, and its workers would wait for work for good."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _work(i: int, job: Job, out: Path) -> str:
    from bench.running import do

    return do(job, out, lambda share: _channel.put((i, share)))
