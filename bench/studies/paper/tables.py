"""What the study wrote, read again: every table of a page is made of these files alone."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.errors import UserError
from bench.records import sealed
from bench.records.files import write_bytes
from bench.scores.numbers import percent, significant
from bench.studies.paper.figure_rules import REACHED, WITHIN
from bench.studies.paper.rules import HELD, NOT_DECIDABLE, NOT_HELD, SHARE

Row = dict[str, str]
DIGESTS = "tables.json"
"""The SHA-256 of every table beside it."""
VERDICTS = (HELD, NOT_HELD, NOT_DECIDABLE)
TITLES = {
    "abstract": "The abstract",
    "8": "Left open",
    "5": "Races and baselines",
    "7.1": "Momentum",
    "7.2": "Gradient clipping",
    "7.3": "Learning rate schedules",
    "7.4": "Learning rate adaptation",
}


class Tables(NamedTuple):
    """Rows of claims.csv, ablations.csv and so on; pages of `anatomy --along`, as measured."""

    claims: list[Row]
    ablations: list[Row]
    seconds: list[Row]
    networks: list[Row]
    answers: list[Row]
    along: list[dict[str, Any]]


def write(out: Path, files: Mapping[str, str]) -> None:
    """Write tables by file name, and what vouches for them. Raises UserError."""
    contents = {name: text.encode() for name, text in files.items()}
    for name, content in contents.items():
        write_bytes(out / name, content)
    sealed.write(out / DIGESTS, {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()})


def read(out: Path) -> Tables:
    """The files in `out` and in the folder `along` beside it; empty for one that is not there.

    Raises UserError for a damaged one: a page without its rows would say less than was measured.
    """
    remedy = "python -m bench anatomy --along makes it again"
    along = [sealed.demand(path, remedy) for path in sorted(out.parent.glob("along/*/along.json"))]
    rows = {name: _rows(out / f"{name}.csv") for name in Tables._fields[:-1]}
    return Tables(**rows, along=along)


def _rows(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    remedy = "python -m bench paper makes it again"
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sealed.demand(path.with_name(DIGESTS), remedy).get(path.name):
        raise UserError(f"{path} is not what was written; {remedy}")
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def measured(tables: Tables) -> list[Row]:
    """Claims that somebody was there to be judged on."""
    return [row for row in tables.claims if row["judged_on"]]


def is_figure(row: Row) -> bool:
    """Whether the claim is a number read off a figure, of networks."""
    return row["rule"].startswith("the paper's") and "of our networks" in row["rule"]


def counts(rows: Iterable[Row], column: str = "verdict") -> Counter[str]:
    """How many of each verdict."""
    return Counter(row[column] for row in rows if row[column])


def shares(found: Counter[str]) -> list[str]:
    """ "12 (48 %)" of each verdict."""
    total = sum(found.values())
    return [f"{found[word]} ({percent(found[word] / total)})" if total else "–" for word in VERDICTS]


def within(rows: Sequence[Row]) -> tuple[int, int, int]:
    """Numbers read off figures: within the range of ours, within reach of one more network, all."""
    figures = [row for row in rows if is_figure(row) and row["verdict"] != NOT_DECIDABLE]
    inside = sum(row["reason"] == WITHIN for row in figures)
    return inside, inside + sum(REACHED in row["reason"] for row in figures), len(figures)


def ours(row: Row, of: str = "") -> str:
    """A number and its interval; `of`: "further_" for the networks trained further."""
    value, low, high = (row[f"{of}{name}"] for name in ("value", "low", "high"))
    if not value:
        return "–"
    if row["interval"] == SHARE:
        return percent(float(value))
    return f"{shown(value)} [{shown(low)}, {shown(high)}]" if low and (low, high) != (value, value) else shown(value)


def shown(value: str) -> str:
    """A number for a table: four digits; "never" for an infinite one."""
    return "never" if value == "inf" else significant(float(value))
