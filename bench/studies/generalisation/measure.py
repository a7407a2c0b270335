"""Filling the matrix: cells like those of any suite, a folder per horizon, so that `leaderboard` reads them too."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.records.record import Record
from bench.records.store import Store
from bench.running.cells import known
from bench.running.executor import Means
from bench.running.run import check_means, finish, held, report_failures
from bench.studies.generalisation.plan import folder
from bench.suites.jobs import Job


def run(
    jobs: Sequence[Job],
    out: Path,
    means: Means = Means(),  # noqa: B008 (a tuple)
    *,
    folders: Iterable[Path] = (),
) -> dict[Job, Record]:
    """Finish the cells that neither `out` nor `folders` hold yet -> every cell's record. Failed ones are tried again.

    A process killed at any moment loses the cells in flight. Raises UserError when `out` cannot be written, when every
    cell failed, and before work when the cluster of `means` does not answer.
    """
    check_means(means, jobs)
    by_folder: dict[Path, list[Job]] = defaultdict(list)
    elsewhere = {job: record for job in jobs if (record := known(job, folders)) is not None}
    for job in (job for job in jobs if job not in elsewhere):
        by_folder[folder(out, job)].append(job)
    stores = {place: Store(place) for place in by_folder}
    for store in stores.values():
        store.prepare()
    todo = {place: [j for j in own if held(stores[place], j) is None] for place, own in by_folder.items()}
    left = sum(map(len, todo.values()))
    with tqdm(total=len(jobs), initial=len(jobs) - left, desc="cells", disable=not left) as bar:
        for place, own in todo.items():
            finish(own, functools.partial(_keep, stores[place]), means, _Bar(bar))
    records = {job: elsewhere.get(job) or stores[folder(out, job)].read(job.cell.id) for job in jobs}
    found = {job: record for job, record in records.items() if record is not None}
    report_failures(list(found.values()), len(found))
    return found


def _keep(store: Store, job: Job, record: Record) -> None:
    store.write(record)


class _Bar:
    """What is told of jobs, on one tqdm bar for all folders: whole cells, as they take seconds."""

    def __init__(self, bar: Any):
        self._bar = bar

    def share(self, number: int, share: float) -> None:
        """Shares of a cell are not shown."""

    def finished(self, number: int, name: str) -> None:
        self._bar.set_postfix_str(name, refresh=False)
        self._bar.update()
