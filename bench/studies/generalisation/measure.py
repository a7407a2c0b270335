"""Filling the matrix: cells like those of any suite, a folder per horizon, so that `leaderboard` reads them too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.lookup import resolve
from bench.records.record import Record
from bench.records.store import Store
from bench.running.cell import identify
from bench.running.run import finish_jobs, report_failures
from bench.studies.generalisation.plan import folder
from bench.suites.jobs import Job


def run(jobs: Sequence[Job], out: Path, *, workers: int = 1, import_files=()) -> dict[Job, Record]:
    """Finish the cells that `out` does not hold yet -> every cell's record. Failed ones are tried again.

    A process killed at any moment loses the cells in flight. Raises UserError when `out` cannot be written and when
    every cell failed.
    """
    by_folder: dict[Path, list[Job]] = defaultdict(list)
    for job in jobs:
        by_folder[folder(out, job)].append(job)
    for place in by_folder:
        Store(place).prepare()
    todo = {place: [j for j in own if _held(place, j) is None] for place, own in by_folder.items()}
    left = sum(map(len, todo.values()))
    with tqdm(total=len(jobs), initial=len(jobs) - left, desc="cells", disable=not left) as bar:
        for place, own in todo.items():
            finish_jobs(own, place, workers, import_files, _Bar(bar))
    records = {job: _read(folder(out, job), job) for job in jobs}
    found = {job: record for job, record in records.items() if record is not None}
    report_failures(list(found.values()), len(found))
    return found


class _Bar:
    """What workers tell of their jobs, on one tqdm bar for all folders: whole cells, as they take seconds."""

    def __init__(self, bar: Any):
        self._bar = bar

    def share(self, job: int, share: float) -> None:
        """Shares of a cell are not shown."""

    def finished(self, job: int, name: str) -> None:
        self._bar.set_postfix_str(name, refresh=False)
        self._bar.update()


def _read(place: Path, job: Job) -> Record | None:
    cell = identify(resolve.named_task(job.task), resolve.entry(job.optimizer), job.budget)
    return Store(place).read(cell.id)


def _held(place: Path, job: Job) -> Record | None:
    record = _read(place, job)
    return record if record is not None and record.status == "ok" else None
