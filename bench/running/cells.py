"""Cells that a study needs: read from runs that have them, run here where none does. One cell, one answer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bench.errors import UserError
from bench.records.record import Record
from bench.records.store import Store
from bench.running.cell import evaluate_cell
from bench.scores.budgets import covering, first_problems
from bench.suites.jobs import Job


def known(job: Job, folders: Iterable[Path]) -> Record | None:
    """The finished record of a job's cell in the first of `folders` that has it, or the same with more problems, cut.

    Raises UserError for a folder that is no run's.
    """
    for folder in folders:
        store = Store(folder)
        finished = [cell for cell, _ in store.ledgers()]
        cell = covering([c for c in finished if c.id == job.cell.id] or finished, job.cell)
        record = store.read(cell.id) if cell is not None else None
        if record is not None:
            return first_problems(record, job.budget.seeds)
    return None


def cell_of(job: Job, out: Path, folders: Iterable[Path] = ()) -> Record:
    """The record of a job's cell, from `folders` or `out`, else run now and kept in `out`; a failure is a UserError."""
    found = known(job, (*folders, out))
    if found is not None:
        return found
    record = evaluate_cell(job)
    if record.status != "ok":
        raise UserError(f"{job} failed: {record.error}")
    Store(out).write(record)
    return record
