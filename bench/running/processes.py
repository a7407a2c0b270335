"""Calls done in spawned processes: TensorFlow does not survive a fork, and one thread each scales best.

TensorFlow never frees a compiled program, so a process is renewed when it has done its share: memory then depends on
the number of processes alone, whatever the length of a suite. Imports no TensorFlow: a process is set up by `begin`
before TensorFlow is loaded.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process
from types import ModuleType
from typing import Any, NamedTuple

from bench.running.executor import Call, Done, Executor, Progress

TICK = 0.5
"""Seconds between looks at what processes tell of their progress."""


class Begin(NamedTuple):
    """What a new process does first: `function(*arguments)`, found there by its name."""

    function: Callable[..., None]
    arguments: tuple[Any, ...] = ()


class Processes(Executor):
    """`count` processes, each replaced by another after calls of `life` weights (None: never), or when it dies."""

    def __init__(self, count: int, begin: Begin, life: int | None = None):
        self._idle = [_Lane(begin, life) for _ in range(count)]
        self._lanes = tuple(self._idle)
        self._waiting: deque[tuple[int, Call]] = deque()
        self._running: dict[Future[Any], tuple[int, _Lane]] = {}
        self._submitted = 0

    def submit(self, call: Call) -> int:
        self._waiting.append((self._submitted, call))
        self._submitted += 1
        self._distribute()
        return self._submitted - 1

    def results(self, progress: Progress = lambda number, share: None) -> Iterator[Done]:
        while self._running:
            done, _ = wait(self._running, timeout=TICK, return_when=FIRST_COMPLETED)
            for lane in self._lanes:
                lane.report(progress)
            for future in done:
                number, lane = self._running.pop(future)
                self._idle.append(lane)
                result = _result(number, future)
                if result.lost:
                    lane.renew()
                self._distribute()
                yield result

    def close(self) -> None:
        self._waiting.clear()
        for lane in self._lanes:
            lane.close()
        self._running.clear()

    def _distribute(self) -> None:
        while self._waiting and self._idle:
            number, call = self._waiting.popleft()
            lane = self._idle.pop()
            self._running[lane.submit(number, call)] = number, lane


def _result(number: int, future: Future[Any]) -> Done:
    try:
        return Done(number, future.result())
    except BrokenProcessPool:
        return Done(number, lost=True)


class _Lane:
    """One process at a time, started by its first call, and what it tells of its progress."""

    def __init__(self, begin: Begin, life: int | None):
        self._begin, self._life = begin, life
        self._pool: ProcessPoolExecutor | None = None
        self._spent = 0

    def submit(self, number: int, call: Call) -> Future[Any]:
        if self._life is not None and self._spent and self._spent + call.weight > self._life:
            self.close()
        if self._pool is None:
            self.renew()
        assert self._pool is not None
        self._spent += call.weight
        with _main_hidden():
            return self._pool.submit(_work, number, call.function, call.arguments)

    def renew(self) -> None:
        self.close()
        context = get_context("spawn")
        self._channel = context.SimpleQueue()
        self._pool = self.pool(context, (self._channel, *self._begin))
        self._spent = 0

    def pool(self, context: Any, arguments: tuple[Any, ...]) -> ProcessPoolExecutor:
        """A pool of one process; a function of its own for tests."""
        return ProcessPoolExecutor(1, context, initializer=_start, initargs=arguments)

    def report(self, progress: Progress) -> None:
        while self._pool is not None and not self._channel.empty():
            progress(*self._channel.get())

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None


@contextmanager
def _main_hidden() -> Iterator[None]:
    """While a process is spawned: it needs nothing of the user's script, and would run it again to import it."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


_channel: Any = None
"""In a worker: where shares of its call go."""


def _start(channel: Any, begin: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    global _channel
    _channel = channel
    threading.Thread(target=_die_with_parent, daemon=True).start()
    begin(*arguments)


def _die_with_parent() -> None:
    """A parent that is killed cannot say so, and its workers would wait for work for good."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _work(number: int, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    return function(lambda share: _channel.put((number, share)), *arguments)
