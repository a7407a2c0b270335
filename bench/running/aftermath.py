"""What foreign code may leave changed in a process that goes on to other work, put back."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any


@contextmanager
def put_back() -> Iterator[None]:
    """Afterwards folder, umask, streams and signals are what they were, and the search path has all that it had."""
    undo = [_path(), _folder(), _umask(), _streams(), _signals()]
    try:
        yield
    finally:
        for one in undo:
            with suppress(OSError, ValueError):
                one()


def _path() -> Callable[[], Any]:
    before = sys.path[:]
    return lambda: sys.path.extend(entry for entry in before if entry not in sys.path)


def _folder() -> Callable[[], Any]:
    return partial(os.chdir, os.getcwd())


def _umask() -> Callable[[], Any]:
    now = os.umask(0o077)
    os.umask(now)
    return partial(os.umask, now)


def _streams() -> Callable[[], Any]:
    before = sys.stdin, sys.stdout, sys.stderr

    def undo() -> None:
        sys.stdin, sys.stdout, sys.stderr = before

    return undo


def _signals() -> Callable[[], Any]:
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = [(number, signal.getsignal(number)) for number in numbers]

    def undo() -> None:
        signal.alarm(0)
        for number, handler in before:
            if handler is not None:
                signal.signal(number, handler)

    return undo
