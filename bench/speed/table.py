"""The table of ratios: as text, Markdown and CSV."""

from __future__ import annotations

from collections.abc import Sequence

from bench.speed.rows import Row

HEADERS = ("work", "against", "ratio", "rounds", "target", "held", "ours", "peer", "note")


def text(rows: Sequence[Row]) -> str:
    """Aligned columns."""
    lines = [HEADERS, *(line(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADERS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def line(row: Row) -> tuple[str, ...]:
    """The cells of one row, in the order of HEADERS."""
    extremes = f"{short(min(row.rounds))} … {short(max(row.rounds))}" if row.rounds else ""
    return (
        row.work,
        row.against,
        shown(row),
        extremes,
        str(row.target or ""),
        {True: "yes", False: "NO", None: ""}[row.held],
        duration(row.ours),
        duration(row.peer),
        row.missing or row.note,
    )


def shown(row: Row) -> str:
    """The number with its unit; ratios have none, and what was not measured is empty."""
    unit = "" if row.unit == "×" else f" {row.unit}"
    return short(row.number) + unit if row.rounds else ""


def short(number: float) -> str:
    """Three digits that matter, no exponent below a million."""
    return f"{number:.3g}" if abs(number) < 1000 or abs(number) >= 1e6 else f"{number:.0f}"


def duration(seconds: float | None) -> str:
    """Seconds per optimizer step in the unit that suits."""
    if seconds is None:
        return ""
    for factor, unit in ((1e9, "ns"), (1e6, "µs"), (1e3, "ms")):
        if seconds * factor < 1000:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.3g} s"
