"""Whether what is said of waits is true: a suite run on a terminal of its own, cold and warm, every line timed.

Of each run: what was said before it and what it took, the longest silence, and how far the bar was from the end that
came, from its first fifth on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from bench.engine import program_cache
from bench.errors import UserError
from bench.reports.tables import Grid, text
from bench.scores.numbers import duration

ROOT = Path(__file__).parents[2]
_SAID = re.compile(r"cells? to run on .*?: about ([^,\r\n]+)")
_BAR = re.compile(r"cells: +(\d+)%.*? ([\d.]+)/(\d+) \[[\d:]+<([^\],]+)")
_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}


class Said(NamedTuple):
    """Something written to the terminal, at seconds since the command began."""

    at: float
    text: str


class Measured(NamedTuple):
    """Seconds: `announced` for the cells, which `took` so long; the longest `silence`; `worst` factor of the bar."""

    announced: float
    took: float
    silence: float
    worst: float


def measure(suite: str, workers: Sequence[int]) -> str:
    """Run `suite` cold and then warm with so many workers each -> a table."""
    rows = []
    for count in workers:
        with tempfile.TemporaryDirectory() as folder:
            for state in ("cold", "warm"):
                words = ["run", suite, "--workers", str(count), "--out", str(Path(folder) / state)]
                found = read(list(on_terminal(words, {program_cache.VARIABLE: str(Path(folder) / "cache")})))
                numbers = (duration(found.announced), duration(found.took), f"{found.silence:.1f} s")
                rows.append([state, str(count), *numbers, f"{found.worst:.2f}"])
    headers = ["programs", "workers", "said before", "took", "longest silence", "bar off by"]
    return text(Grid(headers, rows, ["bar off by: worst factor of elapsed and left to the end, from a fifth on."]), 110)


def on_terminal(words: Sequence[str], environment: dict[str, str]) -> Iterator[Said]:
    """What a command writes to a terminal of 110 columns, as it comes. Raises UserError where it ends badly."""
    terminal, its = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 110, 0, 0))
    line, began = [sys.executable, "-m", "bench", *words], time.monotonic()
    with subprocess.Popen(
        line, stdin=its, stdout=its, stderr=its, env={**os.environ, **environment}, cwd=ROOT, start_new_session=True
    ) as child:
        os.close(its)
        with contextlib.suppress(OSError):  # the other end has gone
            while part := os.read(terminal, 1 << 16):
                yield Said(time.monotonic() - began, part.decode("utf-8", "replace"))
        os.close(terminal)
    if child.returncode:
        raise UserError(f"`{' '.join(line[1:])}` ended with exit code {child.returncode}")


def read(said: Sequence[Said]) -> Measured:
    """What the lines of a run say; NaN where they do not say it."""
    gaps = [after.at - before.at for before, after in pairwise(said)]
    found = _SAID.search("".join(part.text for part in said))
    bars = [(part.at, match) for part in said for match in _BAR.finditer(part.text)]
    if not bars:
        return Measured(float("nan"), float("nan"), max(gaps, default=0.0), float("nan"))
    start, end = bars[0][0], next(at for at, match in bars if match[2].split(".")[0] == match[3])
    factors = []
    for at, match in bars:
        left, done = seconds(match[4]), float(match[2]) / float(match[3])
        if at < end and left == left and done >= 0.2:
            guess, true = at - start + left, end - start
            factors.append(max(guess / true, true / guess))
    announced = seconds(found[1]) if found else float("nan")
    return Measured(announced, end - start, max(gaps, default=0.0), max(factors, default=float("nan")))


def seconds(words: str) -> float:
    """`1 min 20 s` -> 80; NaN for what is no duration."""
    parts = re.findall(r"([\d.]+) (s|min|h)\b", words)
    return sum(float(number) * _UNITS[unit] for number, unit in parts) if parts else float("nan")
