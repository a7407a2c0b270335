"""Text in 100 columns, or in those of a narrower terminal: lines broken, sections under a title."""

from __future__ import annotations

import textwrap

from bench.reports.tables import Grid, text
from bench.terminal import room

WIDTH = 100


def section(title: str, body: str) -> str:
    return f"{title}\n{'=' * len(title)}\n{body}" if body else ""


def printed(table: Grid) -> str:
    return text(table, WIDTH) if table.rows else ""


def wrapped(line: str, indent: str = "") -> list[str]:
    """`line` in WIDTH columns, what follows the first indented by two more."""
    return textwrap.wrap(
        line, room(WIDTH), initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False
    )
