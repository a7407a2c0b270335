"""What `bench run --dry-run` prints: cells, or tasks where cells are many, with budget and time, and the whole."""

from __future__ import annotations

from pathlib import Path

from bench.records.record import Budget
from bench.reports.tables import Grid, text
from bench.scores.numbers import duration
from bench.suites.forecast import Forecast, costs, forecast
from bench.suites.jobs import plan, readings_planned
from bench.suites.schedule import START, finish_time, life, weight
from bench.suites.suite import Suite
from bench.terminal import counted
from optimizers import Entry

MANY_CELLS = 100
"""Cells beyond which there is a line for each task."""
TUNING = "Tuning: trials × problems + finalists by each metric × fresh problems."

_SOURCES = {
    "done": "is there already",
    "runs": "earlier runs here",
    "table": "the table",
    "trial": "a few steps run now",
    "unknown": "unknown",
}


def describe(suite: Suite, out: Path, workers: int, folders: list[Path]) -> str:
    """The cells of `suite`, one line each, or its tasks; then when it would be finished on `workers` processes."""
    cells = forecast(plan(suite), out, folders)
    table = _by_cell(cells) if len(cells) <= MANY_CELLS else _by_task(cells)
    return text(table._replace(notes=[*table.notes, *_notes(suite, cells, workers)]), 110)


def _by_cell(cells: list[Forecast]) -> Grid:
    rows = [
        [
            cell.job.subject.name,
            cell.job.entry.name,
            *_budget(cell.job.budget, cell.job.entry),
            duration(cell.seconds) if cell.source != "done" else "–",
            _SOURCES[cell.source],
        ]
        for cell in cells
    ]
    return Grid(["task", "optimizer", "steps", "problems", "tuning", "expected", "from"], rows, [])


def _by_task(cells: list[Forecast]) -> Grid:
    """Seconds of one process for the cells whose time is known."""
    rows = []
    for task in dict.fromkeys(cell.job.subject.name for cell in cells):
        of = [cell for cell in cells if cell.job.subject.name == task]
        budget = of[0].job.budget
        known = [cell.seconds for cell in of if cell.source not in ("done", "unknown")]
        counts = [sum(cell.source == source for cell in of) for source in ("done", "unknown")]
        sizes = [str(len(of)), *map(str, counts), str(budget.steps), str(budget.seeds), tuning(budget)]
        rows.append([task, *sizes, duration(sum(known)) if known else "–"])
    headers = ["task", "cells", "done", "unknown", "steps", "problems", "tuning", "expected"]
    note = "Expected: on one process, without cells that are done or of unknown cost. --tasks NAME lists the cells."
    return Grid(headers, rows, [note])


def _budget(budget: Budget, entry: Entry) -> list[str]:
    untuned = "as it comes" if entry.kind == "hand-designed" else "–"
    return [str(budget.steps), str(budget.seeds), tuning(budget) if entry.space else untuned]


def tuning(budget: Budget) -> str:
    """Trials × problems + finalists × fresh problems."""
    again = f" + {budget.finalists} × {budget.recheck_seeds}" if budget.finalists else ""
    return f"{budget.trials} × {budget.tuning_seeds}{again}"


def _notes(suite: Suite, cells: list[Forecast], workers: int) -> list[str]:
    done = sum(cell.source == "done" for cell in cells)
    probes = len(readings_planned(suite))
    lines = [
        f"{counted(len(cells), 'cell')}, {done} of them done. " + TUNING,
        f"Expected on {counted(workers, 'process')}: {_expected(cells, workers)}"
        + (f"; then probing {counted(probes, 'learned optimizer')}." if probes else "."),
    ]
    subjects = {cell.job.subject.name: cell.job.subject.task for cell in cells}
    for name, needs in ((name, task.needs()) for name, task in subjects.items()):
        if needs is not None:
            lines.append(
                f"A process that runs {name} takes about {needs[2] / 2**20:.0f} MiB; the examples are held once."
            )
    if any(cell.source == "table" for cell in cells):
        table = costs()
        lines.append(
            f"The table (bench/suites/timings.json) was measured on {table.get('processor', 'an unnamed machine')} "
            "without a warm cache."
        )
    return lines


def _expected(cells: list[Forecast], workers: int) -> str:
    known = [
        cell.seconds + START * weight(cell.job) / life(workers)
        for cell in cells
        if cell.source in ("runs", "table", "trial")
    ]
    unknown = sum(cell.source == "unknown" for cell in cells)
    if not unknown:
        return duration(finish_time(known, workers))
    return f"at least {duration(finish_time(known, workers))}, and {counted(unknown, 'cell')} of unknown cost"
