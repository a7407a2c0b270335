"""Nothing is silent for long: where neither results nor a bar come, a line on standard error says what goes on.

A thread looks twice a second. A bar that stands still, while a program compiles, say, is shown again with its time.
Where there is no bar, a line names the phase and is gone when something else is written. In a log, which is no
terminal, that is a line in half a minute. Imports nothing else in this project.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

QUIET = 1.5
"""Seconds of silence on a terminal."""
LOG_QUIET = 30.0
"""The same where standard error is no terminal."""
TICK = 0.5
_phases = [("working", 0.0)]
_watch: Watch | None = None


class Watch:
    """Writes to `put` (text to a terminal or a log) when nothing was heard for `quiet` seconds by `clock`."""

    def __init__(self, put: Callable[[str], Any], terminal: bool, clock: Callable[[], float] = time.monotonic):
        self._put, self._terminal, self._clock = put, terminal, clock
        self._quiet = QUIET if terminal else LOG_QUIET
        self._heard = self._began = clock()
        self._lock = threading.RLock()
        self._shown = 0

    def heard(self) -> None:
        """Something else is about to be written; a line of ours goes first."""
        with self._lock:
            self._heard = self._clock()
            if self._shown:
                self._put(f"\r{' ' * self._shown}\r")
                self._shown = 0

    def tick(self, bars: Callable[[], list[Any]] = lambda: []) -> None:
        """Look once: refresh the bars, or say what goes on."""
        with self._lock:
            silent = self._clock() - self._heard
            if silent < self._quiet and not self._shown:
                return
        if found := bars():
            for bar in found:
                bar.refresh()
            self.heard()
            return
        with self._lock:
            self.say()

    def say(self) -> None:
        """The phase and since when; on a terminal in the place of what was said before."""
        phase, since = _phases[-1]
        line = f"{phase} … {self._clock() - (since or self._began):.0f} s"
        with self._lock:
            if self._terminal:
                self._put(f"\r{line}{' ' * max(0, self._shown - len(line))}")
                self._shown = max(self._shown, len(line))
            else:
                self._put(f"note: {line}\n")
                self._heard = self._clock()


def heard() -> None:
    """To be called before anything is written to standard output or standard error."""
    if _watch is not None:
        _watch.heard()


@contextlib.contextmanager
def doing(phase: str, at_once: bool = False) -> Iterator[None]:
    """While something takes its time: what a person is told when it is long; `at_once` on a terminal in any case.

    At once where native code may keep the thread that would say it from running.
    """
    _phases.append((phase, time.monotonic()))
    try:
        if at_once and _watch is not None and _watch._terminal and not _bars():
            _watch.say()
        yield
    finally:
        _phases.pop()


def watch() -> None:
    """Begin to look, in a thread that ends with the process; for a command, once."""
    global _watch
    if _watch is not None:
        return
    try:
        number = os.dup(2)
        terminal = os.isatty(number)
    except OSError:
        return
    os.set_inheritable(number, False)
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"

    def put(text: str) -> None:
        with contextlib.suppress(OSError):
            os.write(number, text.encode(encoding, getattr(sys.stderr, "errors", None) or "replace"))

    _watch = Watch(put, terminal)
    threading.Thread(target=_look, args=(_watch,), daemon=True, name="waiting").start()


def _look(looking: Watch) -> None:
    while True:
        time.sleep(TICK)
        with contextlib.suppress(Exception):  # what it says is no reason for a command to end
            looking.tick(_bars)


def _bars() -> list[Any]:
    """Progress bars of tqdm that are open and shown."""
    module = sys.modules.get("tqdm")
    bars = list(getattr(getattr(module, "tqdm", None), "_instances", ()))
    return [bar for bar in bars if not bar.disable]
