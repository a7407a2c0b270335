"""docs/scale.md: what a cell, a job and a run cost, measured here, and what a thousand cores would make of `core`.

The scheduler and its workers are processes of their own, as on a cluster; everything goes through the executors that a
run uses.
"""

from __future__ import annotations

import contextlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.engine import process
from bench.errors import UserError
from bench.maintain import scale_page
from bench.maintain.scale_page import Disk, Measured, PerJob, Speedup
from bench.records import sealed
from bench.records.record import Record
from bench.records.store import Store
from bench.running.cluster import Cluster, check
from bench.running.executor import Call, Executor
from bench.running.job import run_job
from bench.running.lane import Begin
from bench.running.processes import Processes
from bench.running.worker import begin
from bench.suites.jobs import Job, job
from bench.suites.protocol import budget_for
from bench.suites.schedule import weight

TASKS = ("rosenbrock", "quadratic", "linear-regression")
OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "adagrad", "gru-rosenbrock")
ROUNDS = 3
"""Times that every executor does all cells; the median counts."""


def measure(jobs: int, rounds: int = ROUNDS) -> None:
    """Measure everything, so many empty jobs among it, and keep the numbers. Raises UserError without Dask."""
    cells = cells_measured()
    records = list(_records(_timed(Processes(1, Begin(begin)), cells)[1]))
    about = process.provenance()
    measured = Measured(
        per_job=overhead(jobs),
        speedups=[
            speedup("processes", cells, rounds, lambda count: contextlib.nullcontext(Processes(count, Begin(begin)))),
            speedup("workers of a cluster", cells, rounds, _of_cluster),
        ],
        seconds_per_cell=statistics.median(sum(_seconds(record)) for record in records),
        share_compiling=sum(_seconds(r)[0] for r in records) / sum(sum(_seconds(r)) for r in records),
        cells=len(cells),
        disk=sizes(records),
        processor=about["processor"],
        time=about["time"],
        commit=about["commit"],
    )
    sealed.write(scale_page.NUMBERS, measured.plain())


def cells_measured() -> list[Job]:
    """Cells of the protocol that every suite has, tuned ones and a learned one, on three light tasks."""
    return [job("cell", task, name, budget_for(task)) for task in TASKS for name in OPTIMIZERS]


def overhead(jobs: int, workers: int = 2) -> PerJob:
    """Of jobs that do nothing, on a cluster of so many workers: seconds each, and bytes that this process grows by."""
    with cluster(workers) as made, Cluster(made) as executor:
        _do(executor, [Call(nothing)] * (10 * workers))  # until all processes are there
        before, start = _resident(), time.perf_counter()
        done = _do(executor, [Call(nothing)] * jobs)
        seconds = time.perf_counter() - start
    if len(done) != jobs:
        raise UserError(f"{len(done)} of {jobs} jobs came back")
    return PerJob(jobs, workers, seconds / jobs, max(0, _resident() - before))


def nothing(progress: Any) -> None:
    """A job that does nothing."""


def speedup(name: str, cells: Sequence[Job], rounds: int, executor: Any) -> Speedup:
    """Seconds of all cells with one and with two, programs compiled before: medians of rounds that take turns."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for count, found in seconds.items():
            with executor(count) as made:
                found.append(_timed(made, cells)[0])
    return Speedup(name, statistics.median(seconds[1]), statistics.median(seconds[2]))


def sizes(records: Sequence[Record]) -> Disk:
    """What records take on disk."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        total = sum(store.write(record).stat().st_size for record in records)
    runs = sum(len(part.best) for record in records for part in record.runs.values())
    return Disk(total / len(records), total / runs, runs / len(records))


@contextlib.contextmanager
def cluster(workers: int) -> Iterator[str]:
    """The scheduler file of a scheduler with workers of one thread each, all of them processes of their own."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as ends:
        file = Path(folder) / "scheduler.json"
        options = ["--scheduler-file", str(file), "--no-dashboard"]
        _started(ends, ["dask_scheduler", "--host", "127.0.0.1", "--port", "0", *options])
        _until(file.is_file, "the scheduler did not start; is dask.distributed installed?")
        for _ in range(workers):
            _started(ends, ["dask_worker", "--nthreads", "1", "--local-directory", folder, *options])
        _until(lambda: check(str(file)) == workers, "the workers did not start")
        yield str(file)


def _started(ends: contextlib.ExitStack, words: list[str]) -> None:
    command = [sys.executable, "-m", f"distributed.cli.{words[0]}", *words[1:]]
    made = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ends.callback(made.wait)
    ends.callback(made.terminate)


def _until(condition: Any, trouble: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise UserError(trouble)
        time.sleep(0.2)


@contextlib.contextmanager
def _of_cluster(count: int) -> Iterator[Executor]:
    with cluster(count) as made:
        yield Cluster(made)


def _timed(executor: Executor, cells: Sequence[Job]) -> tuple[float, list[Any]]:
    """Seconds from the first cell to the last answer, and the answers; every process has done a cell before."""
    calls = [Call(run_job, (one.address,), weight(one)) for one in cells]
    with executor:
        _do(executor, calls[:2])
        start = time.perf_counter()
        found = _do(executor, calls)
        return time.perf_counter() - start, found


def _do(executor: Executor, calls: Iterable[Call]) -> list[Any]:
    """What came of all calls; only the number of them is kept where they return nothing."""
    for call in calls:
        executor.submit(call)
    return [done.value for done in executor.results()]


def _records(found: Iterable[Any]) -> Iterator[Record]:
    for record in found:
        if not isinstance(record, Record) or record.status != "ok":
            raise UserError(f"a cell that is measured came to nothing: {record}")
        yield record


def _seconds(record: Record) -> tuple[float, float]:
    """(compiling, the rest) of a cell."""
    spent = record.ledger
    return spent["seconds_compile"], spent["seconds_tuning"] + spent["seconds_reporting"]


def _resident() -> int:
    """The most bytes that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
