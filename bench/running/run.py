"""A whole suite: every cell that `out` does not hold yet, then what the probes find in the learned ones."""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.engine import process, program_cache
from bench.errors import UserError
from bench.lookup import plugins
from bench.probes import run as probing
from bench.records.files import note
from bench.records.record import Cell, Record
from bench.records.store import Store
from bench.running import cargo, cluster, expect
from bench.running.executor import Call, Executor, Means
from bench.running.here import Here
from bench.running.job import failed_job, run_job
from bench.running.lane import Begin
from bench.running.loss import Loss
from bench.running.processes import Processes
from bench.running.progress import Bar
from bench.running.worker import begin
from bench.scores import budgets, machines
from bench.suites.forecast import learn
from bench.suites.jobs import Job, plan, readings_planned
from bench.suites.schedule import FEW, LIFE, life, weight
from bench.suites.suite import UNLIMITED, Suite
from bench.terminal import counted


def run(
    suite: Suite,
    out: str | Path,
    *,
    workers: int = 1,
    import_files: Iterable[str] = (),
    probes: bool = True,
    dask: str | None = None,
) -> None:
    """Finish `suite` in folder `out`. Cells already there are kept, failed ones are tried again.

    A cell with more problems than are asked for holds them. A process killed at any moment loses the cells in flight,
    nothing else. `dask`: the address of a scheduler, whose workers do the work; only this process writes. Raises
    UserError when `out` cannot be written, and before work when what it holds would not compare or no scheduler
    answers.
    """
    out, means = Path(out), Means(workers, (*import_files, *suite.files), suite.limits, dask)
    cells, readings = plan(suite), readings_planned(suite) if probes else []
    if not cells:
        raise UserError(f"suite {suite.name!r} has no cells: none of its optimizers is made for its tasks")
    check_means(means, [*cells, *readings])
    _say_untuned(cells)
    store = Store(out)
    store.prepare()
    budgets.check_room(store.cells(), [job.cell for job in cells], out)
    finished = [cell for cell, _ in store.ledgers()]
    todo = [job for job in cells if not _is_there(store, job, finished)]
    unread = [job for job in readings if not probing.reading_held(job.subject, job.entry, out, steps=job.budget.steps)]
    expected, waits = expect.of_cells(todo, out, means.workers), expect.of_readings(unread)
    expect.say(expected, waits, means)
    with executor_for([*todo, *unread], means) as doing:
        with Bar("cells", len(cells), len(cells) - len(todo), expected, means.workers) as bar:
            _race(todo, store, means, bar, doing)
        _say_finished(cells, store)
        with Bar("probes", len(readings), len(readings) - len(unread), waits, means.workers) as bar:
            began = time.monotonic()
            finish(unread, lambda job, kept: probing.write_readings(kept, out), means, bar, doing)
            expect.learn_readings(waits, time.monotonic() - began, means)
    _say_others(cells, finished, out)


def _say_finished(cells: Sequence[Job], store: Store) -> None:
    """Notes of failures and of several machines. Raises UserError when every cell failed."""
    ids = {job.cell.id for job in cells}
    records = [record for record in store.records() if record.cell.id in ids]
    report_failures(records, len(cells))
    if mixed := machines.mixed(records):
        note(f"{store.root} holds {mixed}; its tables say so, and others of it take --mix")


def _say_others(cells: Sequence[Job], finished: Iterable[Cell], out: Path) -> None:
    """A note of what the folder held besides, which the tables show too."""
    asked = {(job.cell.task, job.cell.optimizer) for job in cells}
    others = {(cell.task, cell.optimizer) for cell in finished} - asked
    held = [(job.cell, budgets.covering(finished, job.cell)) for job in cells]
    larger = any(found is not None and found.budget.seeds > cell.budget.seeds for cell, found in held)
    said = [counted(len(others), "other cell")] if others else []
    said += ["more problems than these"] if larger else []
    if said:
        note(f"{out} had {' and '.join(said)} from earlier runs; the tables show all. --out FOLDER keeps runs apart")


def _race(todo: Sequence[Job], store: Store, means: Means, bar: Bar, doing: Executor) -> None:
    """Do all cells and keep them; what they took here says how fast this machine is."""
    made: list[tuple[Job, Mapping[str, float]]] = []

    def keep(job: Job, record: Record) -> None:
        store.write(record)
        made.append((job, record.ledger))

    finish(todo, keep, means, bar, doing)
    learn(made if means.dask is None else ())


def _say_untuned(cells: Iterable[Job]) -> None:
    """A note of hand-designed entries that tuning has nothing to search of."""
    found = dict.fromkeys(job.entry.name for job in cells if job.entry.kind == "hand-designed" and not job.entry.space)
    if found:
        note(f"{', '.join(found)}: nothing to search, so it races as it comes; register it with space={{…}} to tune it")


def _is_there(store: Store, job: Job, finished: Iterable[Cell]) -> bool:
    """Whether the store holds a job's cell, or the same with more problems."""
    more = budgets.covering(finished, job.cell)
    return held(store, job) is not None or (more is not None and store.read(more.id) is not None)


def held(store: Store, job: Job) -> Record | None:
    """The record of a job's cell, unless it is not there or failed."""
    record = store.read(job.cell.id)
    return record if record is not None and record.status == "ok" else None


def finish(
    jobs: Sequence[Job], keep: Callable[[Job, Any], Any], means: Means, bar: Any, doing: Executor | None = None
) -> None:
    """Do all jobs; `keep` is handed each with what came of it, here and in no other process.

    `doing`: an executor for them that is there already; it is left open.
    `bar` is told `share(number, share)` and `finished(number, name)`. A job whose process is lost is tried once more
    after all others, in a process of its own; one that ends its process both times has failed. Raises UserError for
    those that the machine failed.
    """
    everything = dict(enumerate(jobs))
    with contextlib.nullcontext(doing) if doing else executor_for(jobs, means) as executor:
        first = _pass(executor, everything, keep, bar)
    if not first:
        return
    with alone([jobs[number] for number in first], means) as doing:
        second = _pass(doing, {number: jobs[number] for number in first}, keep, bar)
    left = []
    for number, loss in second.items():
        if first[number].its_own and loss.its_own and jobs[number].kind == "cell":
            keep(jobs[number], failed_job(jobs[number], f"its process {loss.how}, twice"))
            bar.finished(number, str(jobs[number]))
        else:
            left.append(f"{jobs[number]}: its process {loss.how}")
    if left:
        more = f" (and {len(left) - 1} more)" if left[1:] else ""
        raise UserError(f"{left[0]}{more}; everything else is finished and kept: run the same command again")


def _pass(executor: Executor, jobs: Mapping[int, Job], keep: Callable[[Job, Any], Any], bar: Any) -> dict[int, Loss]:
    """Do jobs by number -> those that were lost."""
    numbers, lost = {}, {}
    for number, job in jobs.items():
        call = Call(run_job, (job.address if executor.far else job,), weight(job))
        numbers[executor.submit(call)] = number
    for result in executor.results(lambda place, share: bar.share(numbers[place], share)):
        number = numbers[result.number]
        loss = result.lost or (result.value if isinstance(result.value, Loss) else None)
        if loss is not None:
            lost[number] = loss
            continue
        keep(jobs[number], result.value)
        bar.finished(number, str(jobs[number]))
    return lost


def check_means(means: Means, jobs: Sequence[Job]) -> None:
    """Raises UserError, before work, where a cluster is asked for that cannot be reached or cannot do the jobs."""
    if means.dask is None:
        return
    for job in jobs:
        if name := str(job) if not job.portable else plugins.only_here(job.task, job.optimizer):
            raise UserError(
                f"{name!r} is an object of this process, which workers of a cluster do not find; put it into a file of "
                "its own, and give that with --import or import_files"
            )
    cluster.check(means.dask)


def alone(jobs: Sequence[Job], means: Means) -> Executor:
    """Each job in a process of its own without programs of earlier ones, which may be what ended it."""
    if means.dask is not None:
        return _cluster(means.dask, jobs, means, 0, {program_cache.VARIABLE: ""})
    if any(not job.portable or plugins.only_here(job.task, job.optimizer) for job in jobs):
        return _here(jobs)
    return Processes(1, Begin(begin, (means.import_files,), {program_cache.VARIABLE: ""}), 0, means.limits)


def executor_for(jobs: Sequence[Job], means: Means) -> Executor:
    """Few jobs of this project's own code are done here, others in processes; what has no name elsewhere stays here.

    All of them are done by a cluster's workers where one is asked for.
    """
    if means.dask is not None and jobs:
        return _cluster(means.dask, jobs, means, LIFE // 4, {})
    here = next(filter(None, (plugins.only_here(job.task, job.optimizer) for job in jobs if job.portable)), "")
    if here and means.workers > 1:
        raise UserError(
            f"{here!r} is registered by this script or notebook, where {means.workers} workers do not find it; put it "
            "into a file of its own and pass import_files=[that file], or use workers=1"
        )
    if here or not all(job.portable for job in jobs):
        if means.limits != UNLIMITED:
            raise UserError(
                "limits of time and memory need processes of their own; put tasks and optimizers into files"
            )
        return _here(jobs)
    foreign = any(plugins.foreign(job.task) or plugins.foreign(job.optimizer) for job in jobs)
    many = len(jobs) > 1 and (means.workers > 1 or sum(map(weight, jobs)) > FEW)
    if foreign or many or means.limits != UNLIMITED:
        count = min(means.workers, len(jobs))
        lasts = life(count, means.limits.memory is not None)
        return Processes(count, Begin(begin, (means.import_files,)), lasts, means.limits)
    return _here(jobs)


def _here(jobs: Sequence[Job]) -> Here:
    """With TensorFlow, which the process that runs a suite loads only where it does jobs itself."""
    if jobs:
        process.load_tensorflow()
    return Here()


def _cluster(
    address: str, jobs: Sequence[Job], means: Means, life: int, environment: Mapping[str, str]
) -> cluster.Cluster:
    files = cargo.pack(means.import_files, [job.optimizer for job in jobs])
    return cluster.Cluster(address, files, life, means.limits, environment)


def report_failures(records: list[Record], cells: int) -> None:
    """A note when some of the `cells` failed; raises UserError when all did: then there is nothing to compare."""
    failed = [record for record in records if record.status != "ok"]
    if not failed:
        return
    cell = failed[0].cell
    first = f"{cell.optimizer} on {cell.task}: {failed[0].error}"
    if files := plugins.files_of(cell.optimizer, cell.task):
        first += f"; python -m bench check {shlex.join(files)} tries it alone"
    if len(failed) == cells:
        raise UserError(f"every cell failed ({cells}); {first}")
    note(f"{len(failed)} of {cells} cells failed, counted as the worst score; {first}")
