"""Calls done in spawned processes: TensorFlow does not survive a fork, and one thread each scales best.

TensorFlow never frees a compiled program, so a process is renewed when it has done its share: memory then depends on
the number of processes alone, whatever the length of a suite. Imports no TensorFlow: a process is set up by `begin`
before TensorFlow is loaded.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterator
from multiprocessing import connection

from bench.running.executor import Call, Done, Executor, Progress
from bench.running.lane import Begin, Lane
from bench.suites.suite import UNLIMITED, Limits

TICK = 0.5
"""Seconds between looks at what processes tell of their progress, and at what they use."""


class Processes(Executor):
    """`count` processes, each replaced by another after calls of `life` weights (None: never), or when it dies.

    A call that takes more than `limits` allow ends with its process.
    """

    def __init__(self, count: int, begin: Begin, life: int | None = None, limits: Limits = UNLIMITED):
        self._idle = [Lane(begin, life, limits) for _ in range(count)]
        self._lanes = tuple(self._idle)
        self._waiting: deque[tuple[int, Call]] = deque()
        self._running: dict[int, Lane] = {}
        self._submitted = 0

    def submit(self, call: Call) -> int:
        self._waiting.append((self._submitted, call))
        self._submitted += 1
        self._distribute()
        return self._submitted - 1

    def results(self, progress: Progress = lambda number, share: None) -> Iterator[Done]:
        while self._running:
            connection.wait([ready for lane in self._running.values() for ready in lane.waits_for], TICK)
            for number, lane in list(self._running.items()):
                answer = lane.answer(functools.partial(progress, number))
                if answer is None:
                    continue
                del self._running[number]
                self._idle.append(lane)
                self._distribute()
                if answer.raised is not None:
                    raise answer.raised
                yield Done(number, answer.value, answer.lost)

    def close(self) -> None:
        self._waiting.clear()
        for lane in self._lanes:
            lane.stop()  # all before the first is waited for
        for lane in self._lanes:
            lane.close()
        self._running.clear()

    def _distribute(self) -> None:
        while self._waiting and self._idle:
            number, call = self._waiting.popleft()
            lane = self._idle.pop()
            lane.submit(call)
            self._running[number] = lane
