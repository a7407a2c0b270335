"""How a frame is written: one function a format, looked up by name, by `--format` or by the ending of `--out`."""

from __future__ import annotations

import contextlib
import io
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from bench.errors import UserError
from bench.records.files import strict, write_bytes
from bench.reports import tables
from bench.terminal import unbounded


class Writer(NamedTuple):
    """A format: the ending of its files, and frame -> content. Text has no newline at its end."""

    ending: str
    write: Callable[[pd.DataFrame], str | bytes]


WRITERS: dict[str, Writer] = {}
"""{name: writer}, the first the default."""


def writer(name: str, ending: str) -> Callable[[Callable[[pd.DataFrame], str | bytes]], Callable[..., str | bytes]]:
    """Make a function of a frame the writer of a format."""

    def register(write: Callable[[pd.DataFrame], str | bytes]) -> Callable[[pd.DataFrame], str | bytes]:
        WRITERS[name] = Writer(ending, write)
        return write

    return register


@writer("text", ".txt")
def _text(frame: pd.DataFrame) -> str:
    return tables.text(tables.grid(frame))


@writer("md", ".md")
def _markdown(frame: pd.DataFrame) -> str:
    return tables.markdown(tables.grid(frame))


@writer("csv", ".csv")
def _csv(frame: pd.DataFrame) -> str:
    return _flat(frame).to_csv(index=False, lineterminator="\n").rstrip("\n")


@writer("latex", ".tex")
def _latex(frame: pd.DataFrame) -> str:
    return tables.latex(tables.grid(frame))


@writer("json", ".json")
def _json(frame: pd.DataFrame) -> str:
    """What is infinite (never reached) is "inf", which no strict JSON has as a number; what is missing is null."""
    plain = frame.astype(object).where(frame.notna(), None).map(_never)
    return json.dumps(strict(plain.to_dict("records")), indent=1)


def _never(value: Any) -> Any:
    return str(value) if isinstance(value, float) and math.isinf(value) else value


@writer("parquet", ".parquet")
def _parquet(frame: pd.DataFrame) -> bytes:
    plain, buffer = _flat(frame), io.BytesIO()
    plain.attrs = {}  # pandas would write them as JSON
    plain.to_parquet(buffer, index=False)
    return buffer.getvalue()


def render(frame: pd.DataFrame, form: str) -> str | bytes:
    """`frame` in one of WRITERS; csv, json and parquet keep the raw columns at full precision. Raises UserError."""
    if form not in WRITERS:
        raise UserError(f"unknown format {form!r}; known: {', '.join(WRITERS)}")
    return WRITERS[form].write(frame)


def by_ending(path: Path, known: tuple[str, ...]) -> str:
    """The format of `known` that the ending of `path` means; raises UserError."""
    endings = {WRITERS[name].ending: name for name in known}
    if path.suffix not in endings:
        raise UserError(f"cannot tell a format from {path}; end it in {', '.join(endings)}, or give --format")
    return endings[path.suffix]


def put(frame: pd.DataFrame, form: str | None, out: Path | None, known: tuple[str, ...]) -> None:
    """Write `frame` to the file `out`, else to standard output; `form` None: by its ending, else the first of `known`.

    Raises UserError.
    """
    form = form or (by_ending(out, known) if out else known[0])
    with unbounded() if out else contextlib.nullcontext():
        content = render(frame, form)
    if out:
        write_bytes(out, content if isinstance(content, bytes) else content.encode() + b"\n")
    elif isinstance(content, bytes):
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(f"{content}\n")


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Mappings as JSON, so that a cell of a file can be read back."""
    if "theta" not in frame or not frame["theta"].map(lambda theta: isinstance(theta, dict)).any():
        return frame.copy(deep=False)
    return frame.assign(theta=[json.dumps(strict(theta)) for theta in frame["theta"]])
