"""What a person reads: text of other people made harmless, and output that is clean on any terminal or pipe.

A name, an error or a card may hold newlines and the codes that make a terminal do things; a terminal may not know a
character; an output may be closed or full. Imports nothing else in this project but `waiting`, which is told of output.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from bench import waiting

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CONTROL_IN_TEXT = re.compile(_CONTROL.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))
"""The same but for newlines and tabs, which are a text's own."""
_ALIKE = {
    "–": "-",
    "—": "-",
    "−": "-",
    "‑": "-",
    "×": "x",
    "·": ".",
    "•": "*",
    "≤": "<",
    "≥": ">",
    "≈": "~",
    "±": "~",
    "…": ".",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "│": "|",
    "─": "-",
}
"""One character for one, so that tables stay straight; anything else becomes a question mark."""
_HANDLER = "optoscope-alike"
_columns: int | None = None
"""Of the terminal that standard output is; None where it is a file or a pipe."""
_LEAST, _TEXT = 40, 36
"""Columns that a terminal has at the least; that text needs beside others."""
_BETWEEN = 10
"""Seconds from one state of a progress bar to the next where it is written into a file."""
BROKEN_PIPE = 141
"""Exit code where the reader has gone: what shells say of a program that SIGPIPE ended."""


class OutputLost(Exception):
    """Standard output took no more: the reader of a pipe has gone, it is closed, or its disk is full."""

    def __init__(self, problem: OSError):
        super().__init__(f"cannot write to standard output: {problem.strerror or problem}")
        self.reader_gone = problem.errno == errno.EPIPE


def shown(text: Any) -> str:
    """`text` in one line that makes no terminal do anything: control characters are spelled out.

    >>> shown("two\\nlines")
    'two\\\\nlines'
    """
    return _CONTROL.sub(_spelled, str(text))


def counted(number: Any, noun: str) -> str:
    """`1 cell`, `2 cells`, `1–3 processes`."""
    return f"{number} {noun}{'' if str(number) == '1' else 'es' if noun.endswith('ss') else 's'}"


def settle() -> None:
    """Make the standard streams of this process fit for people; for a command, before it writes anything."""
    global _columns
    _open_closed()
    with contextlib.suppress(OSError):
        _columns = os.get_terminal_size(1).columns or None  # 0 where the terminal does not know
    codecs.register_error(_HANDLER, _alike)
    out, notes = _form(sys.stdout), {**_form(sys.stderr), "line_buffering": True}
    sys.stdout = _Output(_buffer(sys.stdout, 1), **out)
    sys.stderr = _Notes(_buffer(sys.stderr, 2), **notes)
    if not os.isatty(2):
        os.environ.setdefault("TQDM_MININTERVAL", str(_BETWEEN))


def room(most: int) -> int:
    """Columns that a line may have: `most`, or what the terminal has where that is less."""
    return min(most, max(_columns, _LEAST)) if _columns else most


@contextlib.contextmanager
def unbounded() -> Iterator[None]:
    """For text that goes to a file: it is the same whatever the terminal."""
    global _columns
    before, _columns = _columns, None
    try:
        yield
    finally:
        _columns = before


def hanging(lines: Sequence[Sequence[str]], indent: str = "", texts: int = 1) -> list[str]:
    """Cells in columns two spaces apart; on a narrow terminal the last, which is text, is folded.

    Where there is no room beside the others it goes below them, with the others of the last `texts`.

    >>> hanging([("adam", "learned, 2015"), ("muon-by-steps", "2024")])
    ['adam           learned, 2015', 'muon-by-steps  2024']
    """
    rows = [[shown(cell) for cell in line] for line in lines]
    whole = max(map(len, _beside(rows, indent, 10_000)), default=0)
    if whole <= room(whole):
        return _beside(rows, indent, whole)
    if room(whole) - whole + max(len(row[-1]) for row in rows) >= _TEXT:
        return _beside(rows, indent, room(whole))
    heads, place = [[*row[:-texts], ""] for row in rows], " " * (len(indent) + 4)
    told = []
    for head, row in zip(_beside(heads, indent, 10_000), rows, strict=True):
        told += [head, *_folded("; ".join(filter(None, row[-texts:])), room(whole) - len(place), place)]
    return told


def _beside(rows: list[list[str]], indent: str, most: int) -> list[str]:
    """The last of the cells is folded below itself."""
    widths = [max(map(len, column)) + 2 for column in zip(*(row[:-1] for row in rows), strict=True)]
    start, told = len(indent) + sum(widths), []
    for *cells, text in rows:
        first, *others = _folded(text, most - start, "") or [""]
        told.append((indent + "".join(map(str.ljust, cells, widths)) + first).rstrip())
        told += [" " * start + part for part in others]
    return told


def _folded(text: str, width: int, indent: str) -> list[str]:
    import textwrap  # not while a command starts

    return [indent + part for part in textwrap.wrap(text, width, break_on_hyphens=False)]


def flush() -> None:
    """Write what still waits; raises OutputLost, after which nothing waits any more."""
    try:
        sys.stdout.flush()
    except OutputLost:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)  # where Python, at its end, writes what it could not
        os.close(nowhere)
        raise


class _Output(io.TextIOWrapper):
    """Standard output."""

    def write(self, text: str) -> int:
        waiting.heard()
        try:
            super().write(_CONTROL_IN_TEXT.sub(_spelled, text))
        except OSError as problem:
            raise OutputLost(problem) from None
        return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as problem:
            raise OutputLost(problem) from None


class _Notes(io.TextIOWrapper):
    """Standard error: what cannot be said there is lost, and nothing else with it."""

    def write(self, text: str) -> int:
        waiting.heard()
        try:
            return super().write(text)
        except (OSError, ValueError):
            return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().flush()


def _spelled(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode("ascii")


def _alike(problem: UnicodeError) -> tuple[str, int]:
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    return "".join(_ALIKE.get(c, "?") for c in problem.object[problem.start : problem.end]), problem.end


def _open_closed() -> None:
    """A standard stream that is closed is opened on nothing, else the next file opened would take its place.

    Standard output for reading: what is written there fails.
    """
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # the lowest number that is free


def _buffer(stream: Any, number: int) -> Any:
    """The bytes under a standard stream, which no longer closes them."""
    if stream is not None and hasattr(stream, "detach"):
        stream.flush()
        return stream.detach()
    return open(number, "wb", closefd=False)


def _form(stream: Any) -> dict[str, Any]:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return {"encoding": encoding, "errors": _HANDLER, "line_buffering": bool(getattr(stream, "line_buffering", False))}
