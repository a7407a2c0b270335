"""A stop that somebody asked for, by Ctrl-C or a termination, told apart from what only looks like one.

A task or an optimizer may raise KeyboardInterrupt or SystemExit itself: that is its own failure. And a stop has to end
a process even while compiled code runs, where Python handles no signal until it is done.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterable
from types import FrameType

STOPPED = 130
"""Exit code of a process that was stopped."""
GRACE = 3.0
"""Seconds that a stopped process has to end by itself."""
_listening = False
_asked = False


def listen(numbers: Iterable[int] = (signal.SIGINT, signal.SIGTERM), last_words: str = "") -> None:
    """Make these signals raise KeyboardInterrupt in the main thread, and end the process GRACE seconds later anyway.

    `last_words` are written to standard error then. Call it from the main thread.
    """
    global _listening
    _listening = True
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in numbers:
        signal.signal(number, _stop)
    threading.Thread(target=_end, args=(reading, frozenset(numbers), last_words), daemon=True).start()


def meant(problem: BaseException) -> bool:
    """Whether something raised while foreign code ran is a stop that was asked for, and not that code's own doing.

    Where nobody listens, in a notebook, every KeyboardInterrupt may be.
    """
    return isinstance(problem, KeyboardInterrupt) and (_asked or not _listening)


def _stop(number: int, frame: FrameType | None) -> None:
    global _asked
    _asked = True
    raise KeyboardInterrupt


def _end(reading: int, numbers: frozenset[int], last_words: str) -> None:
    """Wait for a signal, as the C level hears it, then for the process to end."""
    while not numbers & set(os.read(reading, 64)):
        pass
    time.sleep(GRACE)
    if last_words:
        print(last_words, file=sys.stderr, flush=True)
    os._exit(STOPPED)
