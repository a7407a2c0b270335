"""The table of ratios: as text, Markdown and CSV."""

from __future__ import annotations

from collections.abc import Sequence

from bench.reports.tables import columns
from bench.scores.numbers import clocked, short
from bench.speed.rows import Ratio

HEADERS = ("work", "against", "ratio", "rounds", "target", "held", "ours", "peer", "note")


def text(rows: Sequence[Ratio]) -> str:
    """Aligned columns."""
    return "\n".join(columns([HEADERS, *map(line, rows)]))


def line(row: Ratio) -> tuple[str, ...]:
    """The cells of one row, in the order of HEADERS."""
    extremes = f"{short(min(row.rounds))} … {short(max(row.rounds))}" if row.rounds else ""
    return (
        row.work,
        row.against,
        shown(row),
        extremes,
        str(row.target or ""),
        {True: "yes", False: "NO", None: ""}[row.held],
        clocked(row.ours),
        clocked(row.peer),
        row.missing or row.note,
    )


def shown(row: Ratio) -> str:
    """The number with its unit; ratios have none, and what was not measured is empty."""
    unit = "" if row.unit == "×" else f" {row.unit}"
    return short(row.number) + unit if row.rounds else ""
