"""Frames as text, Markdown, LaTeX, CSV and JSON. Knows column names, no statistics."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bench.errors import UserError
from bench.scores.numbers import number, rank_range, with_interval

FORMATS = ("text", "md", "csv", "json", "latex")
MANY_TASKS = 6
"""Tasks beyond which tables and pictures show less of each."""
_MERGED = {"rank_low", "rank_high", "low", "high", "high_tasks", "missing"}
_LEFT = {
    "task",
    "optimizer",
    "kind",
    "baseline",
    "metric",
    "theta",
    "trained on",
    "word",
    "verdict",
    "learned",
    "ahead on",
    "from",
}


class Grid(NamedTuple):
    """A table ready to print: headers, rows of strings, and notes to stand below."""

    headers: list[str]
    rows: list[list[str]]
    notes: list[str]


def render(frame: pd.DataFrame, form: str) -> str:
    """`frame` in one of FORMATS; csv and json keep the raw columns at full precision. Raises UserError."""
    if form == "csv":
        return _raw(frame).to_csv(index=False).rstrip("\n")
    if form == "json":
        return json.dumps([_jsonable(row) for row in frame.to_dict("records")], indent=1)
    printers = {"text": text, "md": markdown, "latex": latex}
    if form not in printers:
        raise UserError(f"unknown format {form!r}; known: {', '.join(FORMATS)}")
    return printers[form](grid(frame))


def settings(theta: Mapping[str, Any]) -> str:
    """`learning_rate 0.0123, momentum 0.900`; long arrays by their shape only."""
    return ", ".join(f"{name} {_setting(value)}" for name, value in theta.items())


def grid(frame: pd.DataFrame) -> Grid:
    """`frame` for readers: rank ranges, scores with their intervals, shares in percent, nothing empty."""
    frame = _without_many_tasks(frame)
    columns: dict[str, list[str]] = {}
    for name in frame.columns:
        if name == "rank":
            columns["rank"] = _pairs(rank_range, frame, "rank_low", "rank_high")
        elif name == "score":
            header = f"{frame.attrs.get('metric', 'score')} [95 %]"
            columns[header] = _pairs(with_interval, frame, "score", "low", "high")
        elif name == "low_tasks":
            columns["[other tasks]"] = _pairs(_bracket, frame, "score", "low_tasks", "high_tasks")
        elif name == "tasks" and "missing" in frame:
            columns["tasks"] = [f"{t}/{t + m}" for t, m in zip(frame["tasks"], frame["missing"], strict=True)]
        elif name not in _MERGED:
            columns[name.replace("_", " ")] = [_cell(name, value) for value in frame[name]]
    kept = {name: cells for name, cells in columns.items() if any(c not in ("", "0") for c in cells)}
    rows = [list(row) for row in zip(*kept.values(), strict=True)]
    return Grid(list(kept), rows, list(frame.attrs.get("notes", [])))


def text(table: Grid, width: int = 100) -> str:
    """Aligned columns, names to the left, numbers to the right; notes wrapped at `width`."""
    lines = [table.headers, *table.rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(table.headers))]
    aligned = [
        "  ".join(_align(c, w, h) for c, w, h in zip(line, widths, table.headers, strict=True)).rstrip()
        for line in lines
    ]
    notes = [line for note in table.notes for line in textwrap.wrap(note, width, break_on_hyphens=False)]
    return "\n".join([aligned[0], "-" * max(map(len, aligned)), *aligned[1:], *notes])


def markdown(table: Grid) -> str:
    """A GitHub table; notes follow as a paragraph."""
    marks = [":--" if header in _LEFT else "--:" for header in table.headers]
    lines = [table.headers, marks, *([c.replace("|", "\\|") for c in row] for row in table.rows)]
    notes = ["", *table.notes] if table.notes else []
    return "\n".join([*("| " + " | ".join(line) + " |" for line in lines), *notes])


def latex(table: Grid) -> str:
    """A tabular with booktabs rules; needs \\usepackage{booktabs}."""
    marks = "".join("l" if header in _LEFT else "r" for header in table.headers)
    lines = [" & ".join(map(_escape, row)) + r" \\" for row in (table.headers, *table.rows)]
    body = [lines[0], r"\midrule", *lines[1:]]
    notes = [f"% {note}" for note in table.notes]
    return "\n".join([*notes, rf"\begin{{tabular}}{{{marks}}}", r"\toprule", *body, r"\bottomrule", r"\end{tabular}"])


def _without_many_tasks(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` without its columns of tasks where they are more than a page is wide; a note says where they are."""
    many = [task for task in frame.attrs.get("tasks", []) if task in frame]
    if len(many) <= MANY_TASKS:
        return frame
    narrow = frame.drop(columns=many)
    note = f"Means of each of {len(many)} tasks: --format csv or json."
    narrow.attrs = {**frame.attrs, "notes": [*frame.attrs.get("notes", []), note]}
    return narrow


def _pairs(write: Callable[..., str], frame: pd.DataFrame, *names: str) -> list[str]:
    return [write(*values) for values in zip(*(frame[name] for name in names), strict=True)]


def _bracket(value: float, low: float, high: float) -> str:
    return f"[{number(low, value)}, {number(high, value)}]" if math.isfinite(low) else "–"


def _cell(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return settings(value)
    if value is None or value is pd.NA:
        return "–"
    if name == "diverged":
        return "–" if math.isnan(value) else "0" if value == 0 else f"{100 * value:.2g} %"
    return number(value) if isinstance(value, float) else str(value)


def _setting(value: Any) -> str:
    if np.ndim(value) > 0:
        return f"of shape {np.shape(value)}"
    return number(value) if isinstance(value, float) else str(value)


def _align(cell: str, width: int, header: str) -> str:
    return cell.ljust(width) if header in _LEFT else cell.rjust(width)


def _raw(frame: pd.DataFrame) -> pd.DataFrame:
    """Mappings as JSON, so that a cell of a CSV file can be read back."""
    if "theta" not in frame:
        return frame
    return frame.assign(theta=[json.dumps(_jsonable(theta)) for theta in frame["theta"]])


def _jsonable(value: Any) -> Any:
    """Plain JSON values; null for what is missing, NaN or infinite."""
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_jsonable(item) for item in value]
    if isinstance(value, np.generic):
        return _jsonable(value.item())
    if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value


def _escape(cell: str) -> str:
    special = {"\\": r"\textbackslash{}", "–": "--", "θ": r"$\theta$", "×": r"$\times$"}
    return "".join(special.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in cell)
