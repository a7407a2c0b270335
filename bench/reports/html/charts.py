"""Curves and profiles as plain numbers for the page's own drawing: bands over problems, one line per optimizer."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bench.reports.curves import MANY, NAMED, relative
from bench.reports.html.cells import thousandths, whole
from bench.scores.results import Results, finished


def task_curves(results: Results, task: str, table: pd.DataFrame) -> dict[str, Any]:
    """Median and 25–75 % band of loss / initial loss over problems, of each optimizer; `named`: drawn in color."""
    lines = {}
    for name, record in zip(results.optimizers, results.of_task(task), strict=True):
        if record is not None and finished(record):
            steps, quantiles = relative(record)
            lines[name] = {"steps": steps, "y": whole(thousandths(quantiles))}
    return {"lines": lines, "named": named(results, table)}


def named(results: Results, table: pd.DataFrame) -> list[str]:
    """Optimizers drawn in color from the start: all if they are few, else the first of `table` and the oracles."""
    if len(results.optimizers) <= MANY:
        return list(results.optimizers)
    ranked = table[table["rank"].notna()]
    learned = ranked[ranked["kind"] == "learned"]["optimizer"].head(1).tolist()
    first = ranked["optimizer"].head(NAMED).tolist()
    return first if set(learned) <= set(first) else [*first[: NAMED - 1], *learned]
