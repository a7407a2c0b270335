"""Calls done in this process, one after the other."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterator

from bench.running.executor import Call, Done, Executor, Progress


class Here(Executor):
    """A call is done when its result is asked for."""

    far = False

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, Call]] = deque()
        self._submitted = 0

    def submit(self, call: Call) -> int:
        self._waiting.append((self._submitted, call))
        self._submitted += 1
        return self._submitted - 1

    def results(self, progress: Progress = lambda number, share: None) -> Iterator[Done]:
        while self._waiting:
            number, call = self._waiting.popleft()
            yield Done(number, call.function(functools.partial(progress, number), *call.arguments))

    def close(self) -> None:
        self._waiting.clear()
