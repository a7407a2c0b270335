"""Text in 100 columns: lines broken, sections under a title."""

from __future__ import annotations

import textwrap

from bench.reports.tables import Grid, text

WIDTH = 100


def section(title: str, body: str) -> str:
    return f"{title}\n{'=' * len(title)}\n{body}" if body else ""


def printed(table: Grid) -> str:
    return text(table, WIDTH) if table.rows else ""


def wrapped(line: str, indent: str = "") -> list[str]:
    """`line` in WIDTH columns, what follows the first indented by two more."""
    return textwrap.wrap(line, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False)
