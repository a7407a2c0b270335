"""A whole suite: every cell that `out` does not hold yet, then what the probes find in the learned ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.lookup import plugins
from bench.probes import run as probing
from bench.records.files import note
from bench.records.record import Cell, Record
from bench.records.store import Store
from bench.running.executor import Call, Executor, Means
from bench.running.here import Here
from bench.running.job import run_job
from bench.running.processes import Begin, Processes
from bench.running.progress import Bar
from bench.running.worker import begin
from bench.scores import budgets
from bench.suites.jobs import Job, plan, readings_planned
from bench.suites.schedule import LIFE, weight
from bench.suites.suite import Suite


def run(
    suite: Suite, out: str | Path, *, workers: int = 1, import_files: Iterable[str] = (), probes: bool = True
) -> None:
    """Finish `suite` in folder `out`. Cells already there are kept, failed ones are tried again.

    A cell with more problems than are asked for holds them. A process killed at any moment loses the cells in flight,
    nothing else. Raises UserError when `out` cannot be written, and before work when what it holds would not compare.
    """
    out, means = Path(out), Means(workers, (*import_files, *suite.files))
    cells, readings = plan(suite), readings_planned(suite) if probes else []
    if not cells:
        raise UserError(f"suite {suite.name!r} has no cells: none of its optimizers is made for its tasks")
    store = Store(out)
    store.prepare()
    budgets.check_room(store.cells(), [job.cell for job in cells], out)
    finished = [cell for cell, _ in store.ledgers()]
    todo = [job for job in cells if not _is_there(store, job, finished)]
    with Bar("cells", len(cells), len(cells) - len(todo)) as bar:
        finish(todo, lambda job, record: store.write(record), means, bar)
    ids = {job.cell.id for job in cells}
    report_failures([record for record in store.records() if record.cell.id in ids], len(cells))
    todo = [job for job in readings if not probing.reading_held(job.subject, job.entry, out, steps=job.budget.steps)]
    with Bar("probes", len(readings), len(readings) - len(todo)) as bar:
        finish(todo, lambda job, kept: probing.write_readings(kept, out), means, bar)


def _is_there(store: Store, job: Job, finished: Iterable[Cell]) -> bool:
    """Whether the store holds a job's cell, or the same with more problems."""
    more = budgets.covering(finished, job.cell)
    return held(store, job) is not None or (more is not None and store.read(more.id) is not None)


def held(store: Store, job: Job) -> Record | None:
    """The record of a job's cell, unless it is not there or failed."""
    record = store.read(job.cell.id)
    return record if record is not None and record.status == "ok" else None


def finish(jobs: Sequence[Job], keep: Callable[[Job, Any], Any], means: Means, bar: Any) -> None:
    """Do all jobs; `keep` is handed each with what came of it, here and in no other process.

    `bar` is told `share(number, share)` and `finished(number, name)`. A killed worker is a UserError.
    """
    with executor_for(jobs, means) as executor:
        for job in jobs:
            executor.submit(Call(run_job, (job.address if executor.far else job,), weight(job)))
        try:
            for result in executor.results(bar.share):
                if result.lost:
                    raise UserError(
                        f"a worker process was killed (memory?) at {jobs[result.number]}; what was finished is kept: "
                        "run the same command again, with --workers 1 if memory is short"
                    )
                keep(jobs[result.number], result.value)
                bar.finished(result.number, str(jobs[result.number]))
        except KeyboardInterrupt:
            if executor.far:
                note("stopping once the cells in flight are done")
            raise


def executor_for(jobs: Sequence[Job], means: Means) -> Executor:
    """Few jobs are done here, others in processes; what has no name elsewhere stays here."""
    here = next(filter(None, (plugins.only_here(job.task, job.optimizer) for job in jobs if job.portable)), "")
    if here and means.workers > 1:
        raise UserError(
            f"{here!r} is registered by this script or notebook, where {means.workers} workers do not find it; put it "
            "into a file of its own and pass import_files=[that file], or use workers=1"
        )
    portable = not here and all(job.portable for job in jobs)
    if portable and len(jobs) > 1 and (means.workers > 1 or sum(map(weight, jobs)) > LIFE):
        return Processes(min(means.workers, len(jobs)), Begin(begin, (means.import_files,)), LIFE)
    return Here()


def report_failures(records: list[Record], cells: int) -> None:
    """A note when some of the `cells` failed; raises UserError when all did: then there is nothing to compare."""
    failed = [record for record in records if record.status != "ok"]
    if not failed:
        return
    first = f"{failed[0].cell.optimizer} on {failed[0].cell.task}: {failed[0].error}"
    if len(failed) == cells:
        raise UserError(f"every cell failed ({cells}); {first}")
    note(f"{len(failed)} of {cells} cells failed, counted as the worst score; {first}")
