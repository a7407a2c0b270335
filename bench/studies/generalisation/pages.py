"""The matrix for readers: an overview of numbers per panel, and a list with intervals. No TensorFlow."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from bench.errors import UserError
from bench.reports import tables
from bench.reports.tables import Grid, markdown, text
from bench.scores.numbers import brief, signed, whole_percent, with_interval
from bench.studies.generalisation.plan import FAMILIES

FORMATS = ("text", "md", "csv", "json")
_ABSURD = 1000.0
"""Ratios above are written as powers of ten, and not at all where runs diverged."""
_NOTES = [
    "Ratio: mean over the run of loss / initial loss, over that of the best of momentum, RMSProp and Adam, tuned on "
    "the same column; below 1 is better, [ ]: paired 95 % interval over problems. Log10: difference of the mean over "
    "the run of log10 loss / initial loss, below 0 is better. Default adam: ratio to Adam at its defaults.",
    "✗: share of runs that diverged (a loss above a million times the first, or not a number). Meta-seeds: "
    "lowest and highest ratio of one, where there are several.",
]


def render(frame: pd.DataFrame, form: str) -> str:
    """The table in one of FORMATS; csv and json keep every column at full precision. Raises UserError."""
    if form not in FORMATS:
        raise UserError(f"unknown format {form!r}; known: {', '.join(FORMATS)}")
    if form in ("csv", "json"):
        return tables.render(frame, form)
    show, head = (text, "") if form == "text" else (markdown, "## ")
    parts = []
    for title, panel in frame.groupby("panel", sort=False):
        parts += [f"{head}{title}", show(intervals(panel)), show(overview(panel))]
    return "\n\n".join([*parts, *_NOTES])


def overview(panel: pd.DataFrame) -> Grid:
    """Rows × columns of ratios, ✗ with the share of diverged runs behind."""
    columns = list(dict.fromkeys(map(heading, panel.to_dict("records"))))
    cells = {(line["entry"], heading(line)): " ".join(cell(line)) for line in panel.to_dict("records")}
    entries = list(dict.fromkeys(panel["entry"]))
    rows = [[entry, *(cells.get((entry, column), "") for column in columns)] for entry in entries]
    return Grid(["optimizer", *columns], rows, [])


def intervals(panel: pd.DataFrame) -> Grid:
    """A line per column and learned or named entry; references are in the overview."""
    headers = ["task", "optimizer", "ratio [95 %]", "meta-seeds", "best", "default adam", "log10 [95 %]", "✗"]
    lines = panel[panel["kind"] != "reference"].to_dict("records")
    return Grid(headers, list(_lines(lines)), [])


def heading(line: dict) -> str:
    """What a column is called within its panel: the task it races on, or what is changed."""
    if line["panel"] == FAMILIES:
        return line["task"]
    return " ".join(filter(None, (line["change"], line["label"])))


def cell(line: dict, column: str = "ratio") -> list[str]:
    """What a cell says: `["0.84"]`, `["2.1", "✗ 3 %"]`; the share alone where the cap on losses makes the number."""
    lost = [f"✗ {whole_percent(line['diverged'])}"] if line["diverged"] else []
    if lost and line["ratio"] >= _ABSURD:
        return lost
    return [brief(line[column]) if column == "ratio" else signed(line[column]), *lost]


def _lines(lines: Iterable[dict]) -> Iterable[list[str]]:
    for line in lines:
        several = line["meta_seeds"] > 1
        yield [
            heading(line),
            line["entry"],
            with_interval(line["ratio"], line["ratio_low"], line["ratio_high"]),
            f"{brief(line['ratio_least'])}–{brief(line['ratio_most'])}" if several else "",
            line["ratio_best"],
            brief(line["adam"]),
            with_interval(line["log10"], line["log10_low"], line["log10_high"]),
            whole_percent(line["diverged"]) if line["diverged"] else "",
        ]
