"""The matrix for readers: what is planned, then an overview of numbers per panel and a list with intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from bench.errors import UserError
from bench.records.files import note, write_bytes
from bench.records.record import Record
from bench.reports import formats
from bench.reports.dry_run import TUNING, tuning
from bench.reports.tables import Grid, markdown, text
from bench.scores.numbers import brief, duration, whole_percent, with_interval
from bench.studies.generalisation import figures
from bench.studies.generalisation.analyze import cell, heading, table
from bench.studies.generalisation.plan import Matrix, folder, jobs, left_out
from bench.suites.forecast import Forecast, forecast
from bench.suites.jobs import Job
from bench.suites.schedule import finish_time
from bench.terminal import counted

FORMATS = ("text", "md", "csv", "json")
_NOTES = [
    "Each line is an optimizer on a task. Ratio: its mean over the run of loss / initial loss, divided by that of the "
    "best of momentum, RMSProp and Adam, which were tuned on that task (best tuned names it); below 1 is better. In "
    "brackets: the 95 % interval over problems. Ratio to default adam: the same, divided by that of Adam untuned.",
    "Log10: the mean over the run of log10(loss / initial loss), minus that of the best of the three, tuned for it; "
    "below 0 is better, and -1 is a tenth of the loss.",
    "Diverged (✗): share of runs whose loss rose above a million times the first or was not a number. Meta-seeds: if "
    "an optimizer was meta-trained several times, the lowest and the highest ratio among those trainings.",
]


def finish(matrix: Matrix, records: Mapping[Job, Record], out: Path, form: str) -> str:
    """Write table and heat maps of the cells to `out` -> the table in `form`. Raises UserError."""
    frame = table(matrix, records)
    write_bytes(out / "table.csv", frame.to_csv(index=False).encode())
    write_bytes(out / "table.md", (render(frame, "md") + "\n").encode())
    drawn = figures.draw(frame, out)
    note(f"heat maps: {', '.join(map(str, drawn))}; numbers: {out / 'table.csv'}")
    if missing := left_out(matrix):
        note(f"left out as too costly: {', '.join(missing)}; name them with --tasks")
    return render(frame, form)


def render(frame: pd.DataFrame, form: str) -> str:
    """The table in one of FORMATS; csv and json keep every column at full precision. Raises UserError."""
    if form not in FORMATS:
        raise UserError(f"unknown format {form!r}; known: {', '.join(FORMATS)}")
    if form in ("csv", "json"):
        return str(formats.render(frame, form))
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
    ratios = ["ratio [95 %]", "meta-seeds", "best tuned", "ratio to default adam"]
    headers = ["task", "optimizer", *ratios, "log10 [95 %]", "diverged"]
    lines = panel[panel["kind"] != "reference"].to_dict("records")
    return Grid(headers, list(_lines(lines)), [])


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


def describe(matrix: Matrix, out: Path, workers: int) -> str:
    """One line per cell: task, optimizer, steps, problems, tuning, expected seconds."""
    cells = _forecast(matrix, out)
    headers = ["task", "optimizer", "steps", "problems", "tuning", "expected"]
    return text(Grid(headers, [_forecast_line(cell) for cell in cells], _forecast_notes(matrix, cells, workers)), 110)


def how_long(matrix: Matrix, out: Path, workers: int) -> str:
    """The same in one line: what is done, and when the rest will be."""
    cells = _forecast(matrix, out)
    done = sum(cell.source == "done" for cell in cells)
    return f"{counted(len(cells), 'cell')}, {done} of them done; {_expected(cells, workers)}"


def _forecast(matrix: Matrix, out: Path) -> list[Forecast]:
    planned = jobs(matrix)
    places = list(dict.fromkeys(folder(out, job) for job in planned))
    return [
        cell
        for place in places
        for cell in forecast([job for job in planned if folder(out, job) == place], place, places)
    ]


def _forecast_line(cell: Forecast) -> list[str]:
    budget, entry = cell.job.budget, cell.job.entry
    expected = "done" if cell.source == "done" else duration(cell.seconds)
    return [
        cell.job.task,
        entry.name,
        str(budget.steps),
        str(budget.seeds),
        tuning(budget) if entry.space else "–",
        expected,
    ]


def _forecast_notes(matrix: Matrix, cells: list[Forecast], workers: int) -> list[str]:
    done = sum(cell.source == "done" for cell in cells)
    notes = [
        f"{counted(len(cells), 'cell')}, {done} of them done. {TUNING}",
        f"Expected on {_expected(cells, workers)}.",
    ]
    if missing := left_out(matrix):
        notes.append(f"Left out as too costly: {', '.join(missing)}; name them with --tasks.")
    return notes


def _expected(cells: Iterable[Forecast], workers: int) -> str:
    """`2 processes: about 40 s`, or at least that."""
    left = [cell.seconds for cell in cells if cell.source != "done"]
    known = [seconds for seconds in left if not math.isnan(seconds)]
    unknown = len(left) - len(known)
    about, more = ("at least", f", and {counted(unknown, 'cell')} of unknown cost") if unknown else ("about", "")
    return f"{counted(workers, 'process')}: {about} {duration(finish_time(known, workers))}{more}"
