"""A whole suite: every cell that `out` does not hold yet, then what the probes find in the learned ones."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from bench import imports, names, runtime
from bench.cells import finish, identify
from bench.errors import UserError
from bench.records import Budget
from bench.store import Store
from bench.suites import Suite


class Job(NamedTuple):
    """One unit of work a process takes: a cell, or the probes of one learned optimizer on one task."""

    kind: str
    task: Any
    optimizer: Any
    budget: Budget


def plan(suite: Suite) -> list[Job]:
    """Cells of the suite; raises for unknown names before anything runs."""
    jobs = []
    for task in suite.tasks:
        names.named_task(task)
        jobs += [
            Job("cell", task, optimizer, suite.budget_for(task)) for optimizer in suite.optimizers
        ]
    for optimizer in suite.optimizers:
        names.entry(optimizer)
    return jobs


def readings_planned(suite: Suite) -> list[Job]:
    """Probes of every learned entry on those of the suite's tasks that it was trained on."""
    learned = [o for o in suite.optimizers if names.entry(o).kind == "learned"]
    return [
        Job("reading", task, optimizer, suite.budget_for(task))
        for optimizer in learned
        for task in suite.tasks
        if names.named_task(task).name in names.entry(optimizer).discloses.get("trained_on", ())
    ]


def run(
    suite: Suite, out: str | Path, *, workers: int = 1, import_files=(), probes: bool = True
) -> None:
    """Finish `suite` in folder `out`. Cells already there are kept; failed ones are tried again.

    A process killed at any moment loses the cells in flight, nothing else. Raises UserError when `out`
    cannot be written.
    """
    out = Path(out)
    cells, readings = plan(suite), readings_planned(suite) if probes else []
    store = Store(out)
    store.prepare()
    todo = [job for job in cells if not _held(store, job)]
    _work(todo, "cells", len(cells), out, workers, import_files)
    todo = [job for job in readings if not _read(out, job)]
    _work(todo, "probes", len(readings), out, workers, import_files)


def do(job: Job, out: Path) -> str:
    """Do one job and keep its result; the name of what was done."""
    subject, entry = names.named_task(job.task), names.entry(job.optimizer)
    if job.kind == "cell":
        Store(out).write(finish(subject, entry, job.budget))
    else:
        from bench.probing import keep_reading

        keep_reading(subject, entry, out, steps=job.budget.steps)
    return f"{entry.name} on {subject.name}"


def _held(store: Store, job: Job) -> bool:
    record = store.read(
        identify(names.named_task(job.task), names.entry(job.optimizer), job.budget).id
    )
    return record is not None and record.status == "ok"


def _read(out: Path, job: Job) -> bool:
    from bench.probing import reading_held

    return reading_held(
        names.named_task(job.task), names.entry(job.optimizer), out, steps=job.budget.steps
    )


def _work(jobs: list[Job], noun: str, total: int, out: Path, workers: int, import_files) -> None:
    with tqdm(total=total, initial=total - len(jobs), desc=noun, unit="", disable=not total) as bar:
        portable = all(isinstance(part, str) for job in jobs for part in (job.task, job.optimizer))
        if workers > 1 and len(jobs) > 1 and portable:
            _in_processes(jobs, out, workers, import_files, bar)
        else:
            for job in jobs:
                bar.set_postfix_str(do(job, out))
                bar.update()


def _in_processes(jobs, out, workers, import_files, bar) -> None:
    """One spawned process per core: TensorFlow does not survive a fork, and one thread each scales best."""
    pool = ProcessPoolExecutor(
        min(workers, len(jobs)),
        get_context("spawn"),
        initializer=_start,
        initargs=(tuple(import_files),),
    )
    try:
        waiting = {pool.submit(do, job, out) for job in jobs}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                bar.set_postfix_str(future.result())
                bar.update()
    except BrokenProcessPool:
        raise UserError(
            "a worker process was killed (memory?); what it had finished is kept: run the same command again, "
            "with --workers 1 if memory is short"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start(import_files) -> None:
    runtime.load_tensorflow()
    imports.load_files(import_files)
