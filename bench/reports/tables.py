"""Frames as tables for readers: text, Markdown, LaTeX. Knows column names, no statistics."""

from __future__ import annotations

import functools
import math
import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bench.reports.latex import row as latex_row
from bench.scores.numbers import bracket, count, number, rank_range, share_interval, share_or_zero, with_interval
from bench.terminal import room, shown

MANY_TASKS = 6
"""Tasks beyond which tables and pictures show less of each."""
_BOUNDED = ("mean", "median", "iqm_runs", "better_on")
"""Columns whose bounds stand in columns of their own, `…_low` and `…_high`."""
_SPANS = {"task_low": "task_high", "entry_low": "entry_high"}
"""Columns that are a range of ranks."""
_SPELLED = {"task_low": "without a task", "entry_low": "without an entry", "moved_by": "most moved by"}
"""Headers that say more than the column's name."""
_MERGED = {
    "rank_low",
    "rank_high",
    "low",
    "high",
    "high_trials",
    "high_tasks",
    "missing",
    *_SPANS.values(),
    *(f"{name}_{end}" for name in (*_BOUNDED, "diverged") for end in ("low", "high")),
}
LEFT = {
    "task",
    "optimizer",
    "best optimizer",
    "best learned",
    "kind",
    "standing",
    "baseline",
    "metric",
    "theta",
    "trained on",
    "word",
    "verdict",
    "learned",
    "ahead on",
    "from",
    "family",
    "tag",
    "scope",
    "name",
    "next",
    "most moved by",
}

_NAMES = ("task", "optimizer", "name", "family", "tag")
"""Headers of columns that say which row it is."""


class Grid(NamedTuple):
    """A table ready to print: headers, rows of strings, and notes to stand below."""

    headers: list[str]
    rows: list[list[str]]
    notes: list[str]


def settings(theta: Mapping[str, Any]) -> str:
    """`learning_rate 0.0123, momentum 0.900`; long arrays by their shape only."""
    return ", ".join(f"{name} {_setting(value)}" for name, value in theta.items())


def grid(frame: pd.DataFrame) -> Grid:
    """`frame` for readers: rank ranges, scores with their intervals, shares in percent, nothing empty."""
    frame = _without_many_tasks(frame)
    never = frame.attrs.get("infinite", "–")
    cells: dict[str, list[str]] = {}
    for name in frame.columns:
        if name == "rank":
            cells["rank"] = _pairs(rank_range, frame, "rank_low", "rank_high")
        elif name == "score" and "effect" not in frame:
            header = f"{frame.attrs.get('metric', 'score')} [95 %]"
            cells[header] = _pairs(functools.partial(_scored, never=never), frame, "score", "low", "high")
        elif name == "effect" and "low" in frame:
            cells["effect [95 %]"] = _pairs(with_interval, frame, "effect", "low", "high")
        elif name in _SPANS:
            cells[_SPELLED[name]] = _pairs(rank_range, frame, name, _SPANS[name])
        elif name in _BOUNDED and f"{name}_low" in frame:
            cells[f"{name.replace('_', ' ')} [95 %]"] = _pairs(
                with_interval, frame, name, f"{name}_low", f"{name}_high"
            )
        elif name == "diverged" and "diverged_low" in frame:
            cells["diverged [95 %]"] = _pairs(share_interval, frame, name, "diverged_low", "diverged_high")
        elif name == "low_trials":
            value = "score" if "score" in frame else "effect"
            cells["[other trials]"] = _pairs(_other_trials, frame, value, "low_trials", "high_trials")
        elif name == "low_tasks":
            if frame["low_tasks"].isna().all():
                continue
            cells["[other tasks]"] = _pairs(
                functools.partial(_bracket, never=never), frame, "score", "low_tasks", "high_tasks"
            )
        elif name == "tasks" and "missing" in frame:
            cells["tasks"] = [f"{t}/{t + m}" for t, m in zip(frame["tasks"], frame["missing"], strict=True)]
        elif name not in _MERGED:
            cells[_SPELLED.get(name, name.replace("_", " "))] = [
                never if isinstance(value, float) and math.isinf(value) else _cell(name, value) for value in frame[name]
            ]
    kept = {
        name: column for name, column in cells.items() if name == "trials" or any(c not in ("", "0") for c in column)
    }
    rows = [list(row) for row in zip(*kept.values(), strict=True)]
    return Grid(list(kept), rows, list(frame.attrs.get("notes", [])))


def text(table: Grid, width: int = 100) -> str:
    """Aligned columns, names to the left, numbers to the right; notes wrapped at `width`.

    What is wider than the terminal continues below: the columns that did not fit, beside the names of the rows.
    """
    right = [header not in LEFT for header in table.headers]
    blocks = [
        columns([[line[i] for i in block] for line in (table.headers, *table.rows)], [right[i] for i in block])
        for block in _blocks(table)
    ]
    ruled = ["\n".join([head, "-" * max(map(len, (head, *rows))), *rows]) for head, *rows in blocks]
    notes = [line for note in table.notes for line in textwrap.wrap(shown(note), room(width), break_on_hyphens=False)]
    return "\n".join(["\n\n".join(ruled), *notes])


def _blocks(table: Grid) -> list[list[int]]:
    """Columns that stand side by side: all, where the terminal is wide enough or there is none."""
    widths = [max(map(_width, map(shown, column))) for column in zip(table.headers, *table.rows, strict=True)]
    most = room(sum(widths) + 2 * len(widths))
    names = [i for i, header in enumerate(table.headers) if header in _NAMES] or [0]
    blocks: list[list[int]] = [[]]
    for i in range(len(widths)):
        if blocks[-1] not in ([], names) and sum(widths[j] + 2 for j in blocks[-1]) + widths[i] > most:
            blocks.append([*names])
        if i not in blocks[-1]:
            blocks[-1].append(i)
    return blocks


def markdown(table: Grid) -> str:
    """A GitHub table; notes follow as a paragraph."""
    marks = [":--" if header in LEFT else "--:" for header in table.headers]
    notes = ["", *(_marked(shown(note)) for note in table.notes)] if table.notes else []
    rows = [[_marked(cell) for cell in row] for row in table.rows]
    return "\n".join([*piped([_marked(header) for header in table.headers], rows, marks), *notes])


def columns(lines: Sequence[Sequence[str]], right: Sequence[bool] = ()) -> list[str]:
    """Lines of cells in columns two spaces apart, to the left unless `right` says otherwise of a column."""
    lines = [[shown(cell) for cell in line] for line in lines]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    flushed = list(right) or [False] * len(widths)
    return ["  ".join(map(_filled, line, widths, flushed)).rstrip() for line in lines]


def _width(text: str) -> int:
    """Columns of a terminal that `text` takes: two for wide characters, none for what stands on another."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _filled(cell: str, width: int, right: bool) -> str:
    space = " " * (width - _width(cell))
    return space + cell if right else cell + space


def piped(headers: Sequence[str], rows: Iterable[Sequence[str]], marks: Sequence[str] = ()) -> list[str]:
    """Lines of a Markdown table; `marks` say how columns are aligned."""
    return [pipes(line) for line in (headers, marks or ["---"] * len(headers), *rows)]


def pipes(cells: Iterable[str]) -> str:
    """One line of a Markdown table, whatever else its cells hold of Markdown."""
    return "| " + " | ".join(shown(cell).replace("|", "\\|") for cell in cells) + " |"


def latex(table: Grid) -> str:
    """A tabular with booktabs rules; needs \\usepackage{booktabs}."""
    marks = "".join("l" if header in LEFT else "r" for header in table.headers)
    lines = [latex_row(cells) for cells in (table.headers, *table.rows)]
    body = [lines[0], r"\midrule", *lines[1:]]
    notes = [f"% {' '.join(shown(note).split())}" for note in table.notes]
    return "\n".join([*notes, rf"\begin{{tabular}}{{{marks}}}", r"\toprule", *body, r"\bottomrule", r"\end{tabular}"])


def _marked(text: str) -> str:
    """`text` as Markdown shows it: nothing in it makes code, emphasis, links, HTML or entities; pipes are left."""
    text = re.sub(r"(?=[\\`*])|(?<=\])(?=\()|(?=~~)|(?<!\w)(?=_)|(?=_(?!\w))", r"\\", text)
    return re.sub(r"<(?=[a-zA-Z/!?])", "&lt;", re.sub(r"&(?=#?\w+;)", "&amp;", text))


def _without_many_tasks(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame`, without its columns per task when there are more than MANY_TASKS; a note says where they are."""
    many = [task for task in frame.attrs.get("tasks", []) if task in frame]
    if len(many) <= MANY_TASKS:
        return frame
    narrow = frame.drop(columns=many)
    note = f"Means of each of {len(many)} tasks: --format csv or json."
    narrow.attrs = {**frame.attrs, "notes": [*frame.attrs.get("notes", []), note]}
    return narrow


def _pairs(write: Callable[..., str], frame: pd.DataFrame, *names: str) -> list[str]:
    return [write(*values) for values in zip(*(frame[name] for name in names), strict=True)]


def _bracket(value: float, low: float, high: float, never: str = "–") -> str:
    if math.isfinite(low) and math.isfinite(high):
        return bracket(low, high, value)
    ends = [never if math.isinf(end) else number(end, value) for end in (low, high)]
    return "–" if math.isnan(low) or math.isnan(high) else f"[{', '.join(ends)}]"


def _scored(value: float, low: float, high: float, never: str = "–") -> str:
    """`with_interval` of what may be infinite."""
    if math.isinf(value) or math.isinf(high):
        interval = _bracket(value, low, high, never)
        return f"{never if math.isinf(value) else number(value)}{'' if interval == '–' else f' {interval}'}"
    return with_interval(value, low, high)


def _other_trials(value: float, low: float, high: float) -> str:
    """The interval; a dash where nothing was tuned and so nothing moves."""
    return _bracket(value, low, high) if low < high else "–"


def _cell(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return settings(value)
    if value is None or value is pd.NA:
        return "–"
    if name == "diverged":
        return share_or_zero(value)
    if name.startswith(("break_even", "gradients_", "problems_needed")):
        return count(value) if value == value else "–"
    return number(value) if isinstance(value, float) else str(value)


def _setting(value: Any) -> str:
    if np.ndim(value) > 0:
        return f"of shape {np.shape(value)}"
    if not isinstance(value, float):
        return str(value)
    if 0.99 < value < 1.0:  # of a decay, what it is short of 1 says how long it remembers
        return f"{value:.{1 - math.floor(math.log10(1.0 - value))}f}"
    return number(value)
