"""What `--dry-run` prints: every column with who is raced on it, and when all of it would be done."""

from __future__ import annotations

import math
from pathlib import Path

from bench.lookup import resolve
from bench.reports.dry_run import finish_time
from bench.reports.tables import Grid, text
from bench.scores.numbers import duration
from bench.studies.generalisation.plan import Matrix, folder, jobs, left_out
from bench.suites.forecast import Forecast, forecast


def describe(matrix: Matrix, out: Path, workers: int) -> str:
    """One line per cell: task, optimizer, steps, problems, tuning, expected seconds."""
    planned = jobs(matrix)
    places = list(dict.fromkeys(folder(out, job) for job in planned))
    cells = [
        cell
        for place in places
        for cell in forecast([job for job in planned if folder(out, job) == place], place, places)
    ]
    headers = ["task", "optimizer", "steps", "problems", "tuning", "expected"]
    return text(Grid(headers, [_line(cell) for cell in cells], _notes(matrix, cells, workers)), 110)


def _line(cell: Forecast) -> list[str]:
    budget, entry = cell.job.budget, resolve.entry(cell.job.optimizer)
    tuning = f"{budget.trials} × {budget.tuning_seeds}" if entry.space else "–"
    expected = "done" if cell.source == "done" else duration(cell.seconds)
    return [cell.job.task, entry.name, str(budget.steps), str(budget.seeds), tuning, expected]


def _notes(matrix: Matrix, cells: list[Forecast], workers: int) -> list[str]:
    left = [cell.seconds for cell in cells if cell.source != "done"]
    known = [seconds for seconds in left if not math.isnan(seconds)]
    unknown = len(left) - len(known)
    notes = [
        f"{len(cells)} cells, {len(cells) - len(left)} of them done. Tuning: configurations × problems.",
        f"Expected on {workers} process{'es' if workers > 1 else ''}: "
        + (
            f"at least {duration(finish_time(known, workers))}, and {unknown} cells of unknown cost."
            if unknown
            else f"{duration(finish_time(known, workers))}."
        ),
    ]
    if missing := left_out(matrix):
        notes.append(f"Left out, as costly: {', '.join(missing)}; name them with --tasks.")
    return notes
