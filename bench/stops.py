"""A stop that somebody asked for, by Ctrl-C or a termination, told apart from what only looks like one.

A task or an optimizer may raise KeyboardInterrupt or SystemExit itself: that is its own failure. And a stop has to end
a process even while compiled code runs, where Python handles no signal until it is done.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable
from types import FrameType
from typing import NoReturn

STOPPED = 130
"""Exit code of a process that was stopped."""
GRACE = 3.0
"""Seconds that a stopped process has to end by itself."""
PATIENCE = GRACE + 1
"""The same of one that waits for others to end."""
LAST_WORDS = "stopped; what is finished is kept, the same command goes on from there"
_listening = False
_asked = False
_terminal = 2
"""Where last words go: standard error, whatever stands in its place meanwhile."""
_said = False


def end_at_once(numbers: Iterable[int] = (signal.SIGINT, signal.SIGTERM)) -> None:
    """Make these signals end the process with a line, there and then: while it starts, and when it is done."""
    for number in numbers:
        signal.signal(number, _end_now)


def say(words: str = LAST_WORDS) -> None:
    """Last words, on a line of their own, once."""
    global _said
    if words and not _said:
        _said = True
        with contextlib.suppress(OSError):
            os.write(_terminal, f"{words}\n".encode())


def listen(
    numbers: Iterable[int] = (signal.SIGINT, signal.SIGTERM), last_words: str = "", grace: float = GRACE
) -> None:
    """Make these signals raise KeyboardInterrupt in the main thread, and end the process `grace` seconds later anyway.

    `last_words` are written to standard error then. Call it from the main thread.
    """
    global _listening, _terminal
    _listening = True
    with contextlib.suppress(OSError):
        _terminal = os.dup(2)
    sys.unraisablehook = _unraised
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in numbers:
        signal.signal(number, _stop)
    threading.Thread(target=_end, args=(reading, frozenset(numbers), last_words, grace), daemon=True).start()


def leave(code: str | int | None) -> NoReturn:
    """End the process when all is said, without what Python does last: it takes TensorFlow apart for two seconds."""
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else bool(code))


def meant(problem: BaseException) -> bool:
    """Whether something raised while foreign code ran is a stop that was asked for, and not that code's own doing.

    Where nobody listens, in a notebook, every KeyboardInterrupt may be.
    """
    return isinstance(problem, KeyboardInterrupt) and (_asked or not _listening)


def _stop(number: int, frame: FrameType | None) -> None:
    global _asked
    _asked = True
    raise KeyboardInterrupt


def _end(reading: int, numbers: frozenset[int], last_words: str, grace: float) -> None:
    """Wait for a signal, as the C level hears it, then for the process to end."""
    while not numbers & set(os.read(reading, 64)):
        pass
    time.sleep(grace)
    say(last_words and f"\n{last_words}")  # a progress line may be standing there
    os._exit(STOPPED)


def _end_now(number: int, frame: FrameType | None) -> None:
    say()
    os._exit(STOPPED)


def _unraised(found: sys.UnraisableHookArgs) -> None:
    """A stop that reached Python where it can raise nothing, in a destructor, is no news: the grace is running."""
    if not (_asked and isinstance(found.exc_value, KeyboardInterrupt)):
        sys.__unraisablehook__(found)
