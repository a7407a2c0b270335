"""A whole suite: every cell that `out` does not hold yet, then what the probes find in the learned ones."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.errors import UserError
from bench.lookup import resolve
from bench.records.files import note
from bench.records.record import Record
from bench.records.store import Store
from bench.running.cell import finish, identify, planned_runs
from bench.running.processes import SHARE, in_processes, weight
from bench.suites.jobs import Job, plan, readings_planned
from bench.suites.suite import Suite


def run(suite: Suite, out: str | Path, *, workers: int = 1, import_files=(), probes: bool = True) -> None:
    """Finish `suite` in folder `out`. Cells already there are kept; failed ones are tried again.

    A process killed at any moment loses the cells in flight, nothing else. Raises UserError when `out` cannot be
    written.
    """
    out = Path(out)
    cells, readings = plan(suite), readings_planned(suite) if probes else []
    if not cells:
        raise UserError(f"suite {suite.name!r} has no cells: none of its optimizers is made for its tasks")
    store = Store(out)
    store.prepare()
    todo = [job for job in cells if not _held(store, job)]
    _work(todo, "cells", len(cells), out, workers, import_files)
    ids = {_identity(job) for job in cells}
    report_failures([record for record in store.records() if record.cell.id in ids], len(cells))
    todo = [job for job in readings if not _read(out, job)]
    _work(todo, "probes", len(readings), out, workers, import_files)


def do(job: Job, out: Path, progress: Callable[[float], None] = lambda share: None) -> str:
    """Do one job and keep its result; the name of what was done. `progress` is told of shares of it."""
    subject, entry = resolve.named_task(job.task), resolve.entry(job.optimizer)
    if job.kind == "cell":
        planned = planned_runs(entry, job.budget)
        Store(out).write(finish(subject, entry, job.budget, lambda runs: progress(runs / planned)))
    else:
        from bench.probes.run import keep_reading

        keep_reading(subject, entry, out, steps=job.budget.steps, progress=progress)
    return f"{entry.name} on {subject.name}"


def report_failures(records: list[Record], cells: int) -> None:
    """A note when some of the `cells` failed; raises UserError when all did: then there is nothing to compare."""
    failed = [record for record in records if record.status != "ok"]
    if not failed:
        return
    first = f"{failed[0].cell.optimizer} on {failed[0].cell.task}: {failed[0].error}"
    if len(failed) == cells:
        raise UserError(f"every cell failed ({cells}); {first}")
    note(f"{len(failed)} of {cells} cells failed, counted as the worst score; {first}")


def _identity(job: Job) -> str:
    return identify(resolve.named_task(job.task), resolve.entry(job.optimizer), job.budget).id


def _held(store: Store, job: Job) -> bool:
    record = store.read(_identity(job))
    return record is not None and record.status == "ok"


def _read(out: Path, job: Job) -> bool:
    from bench.probes.run import reading_held

    return reading_held(resolve.named_task(job.task), resolve.entry(job.optimizer), out, steps=job.budget.steps)


def _work(jobs: list[Job], noun: str, total: int, out: Path, workers: int, import_files) -> None:
    with _Bar(noun, total, total - len(jobs)) as bar:
        finish_jobs(jobs, out, workers, import_files, bar)


def finish_jobs(jobs: list[Job], out: Path, workers: int, import_files, bar: Any) -> None:
    """Do all jobs, few of them here, others in processes; `bar` is told `share(i, share)` and `finished(i, name)`."""
    portable = all(isinstance(part, str) for job in jobs for part in (job.task, job.optimizer))
    if portable and len(jobs) > 1 and (workers > 1 or sum(map(weight, jobs)) > SHARE):
        in_processes(jobs, out, workers, import_files, bar)
    else:
        for i, job in enumerate(jobs):
            bar.finished(i, do(job, out, functools.partial(bar.share, i)))


class _Bar:
    """A tqdm bar over jobs that moves while they run: finished ones, and shares of those in flight."""

    def __init__(self, noun: str, total: int, done: int):
        self._done = done
        self._shares: dict[int, float] = {}
        form = "{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total} [{elapsed}<{remaining}{postfix}]"
        self._tqdm = tqdm(total=total, initial=done, desc=noun, disable=not total, bar_format=form)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._tqdm.close()

    def share(self, job: int, share: float) -> None:
        self._shares[job] = self._shares.get(job, 0.0) + share
        self._show()

    def finished(self, job: int, name: str) -> None:
        self._shares.pop(job, None)
        self._done += 1
        self._tqdm.set_postfix_str(name, refresh=False)
        self._show()

    def _show(self) -> None:
        ahead = sum(min(share, 1.0) for share in self._shares.values())
        self._tqdm.update(self._done + ahead - self._tqdm.n)
