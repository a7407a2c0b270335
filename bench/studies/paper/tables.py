"""What the study wrote, read again: every table of a page is made of these files alone."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.records.files import read_json
from bench.scores.numbers import percent, significant
from bench.studies.paper.figure_rules import REACHED, WITHIN
from bench.studies.paper.rules import HELD, NOT_DECIDABLE, NOT_HELD, SHARE

Row = dict[str, str]
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
    """Rows of claims.csv, ablations.csv, seconds.csv and networks.csv; pages of `anatomy --along`, as measured."""

    claims: list[Row]
    ablations: list[Row]
    seconds: list[Row]
    networks: list[Row]
    along: list[dict[str, Any]]


def read(out: Path) -> Tables:
    """The files in `out` and in the folder `along` beside it; empty for one that is not there."""
    along = [read_json(path) for path in sorted(out.parent.glob("along/*/along.json"))]
    rows = {name: _rows(out / f"{name}.csv") for name in Tables._fields[:-1]}
    return Tables(**rows, along=along)


def _rows(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


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
