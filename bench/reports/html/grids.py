"""A printed table as a table to sort and filter: the same strings, and for each what it sorts by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from bench.reports.tables import LEFT, Grid

_NUMBER = re.compile(r"[-−+<]?\d+(?:\.\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)
_NOTHING = ("", "–", "-")


class Sortable(NamedTuple):
    """A table of the page. `keys`: what cells sort by, a number, a text, or None for nothing, which goes last."""

    name: str
    caption: str
    headers: list[str]
    numeric: list[bool]
    rows: list[list[str]]
    keys: list[list[float | str | None]]
    notes: list[str]
    links: list[list[str]]
    """Where each cell leads; empty for nowhere."""
    tiers: list[bool]
    """Whether a row starts a new tier: no rank range reaches over the line above it."""


def sortable(
    name: str, caption: str, grid: Grid, links: Sequence[Sequence[str]] = (), tiers: Sequence[bool] = ()
) -> Sortable:
    """`grid` under a caption; its strings stand unchanged."""
    numeric = [
        header not in LEFT and _all_numbers(column) for header, column in zip(grid.headers, _columns(grid), strict=True)
    ]
    keys = [[_key(cell, n) for cell, n in zip(row, numeric, strict=True)] for row in grid.rows]
    return Sortable(
        name,
        caption,
        grid.headers,
        numeric,
        grid.rows,
        keys,
        grid.notes,
        [list(row) for row in links] or [[""] * len(row) for row in grid.rows],
        list(tiers) or [False] * len(grid.rows),
    )


def first_number(text: str) -> float | None:
    """`0.226 [0.221, 0.232]` -> 0.226, `6–7` -> 6, `<1 %` -> 1; None where the text begins with no number."""
    found = _NUMBER.match(text.strip())
    return float(found[0].replace("−", "-").lstrip("<")) if found else None


def tiers(lows: Sequence[Any], highs: Sequence[Any]) -> list[bool]:
    """Whether each row, best first, starts a tier: its rank range begins after all ranges above it end."""
    starts, reached = [], 0
    for low, high in zip(lows, highs, strict=True):
        ranked = bool(pd.notna(low))
        starts.append(bool(ranked and reached and low > reached))
        reached = max(reached, int(high)) if ranked else reached
    return starts


def _columns(grid: Grid) -> list[tuple[str, ...]]:
    return list(zip(*grid.rows, strict=True)) if grid.rows else [()] * len(grid.headers)


def _all_numbers(column: Sequence[str]) -> bool:
    held = [cell for cell in column if cell not in _NOTHING]
    return bool(held) and sum(first_number(cell) is not None for cell in held) > len(held) / 2


def _key(cell: str, numeric: bool) -> float | str | None:
    if cell in _NOTHING:
        return None
    return first_number(cell) if numeric else cell.casefold()
