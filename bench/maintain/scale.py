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
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from bench.engine import process
from bench.errors import UserError
from bench.maintain import scale_page
from bench.maintain.scale_page import Disk, Measured, PerJob, Speedup, Yardstick
from bench.records import sealed
from bench.records.record import Record
from bench.records.store import Store
from bench.running.cluster import Cluster, close, connect, threads
from bench.running.executor import Call, Executor
from bench.running.job import run_job
from bench.running.lane import Begin
from bench.running.processes import Processes
from bench.running.worker import begin
from bench.suites.jobs import Address, Job, job
from bench.suites.protocol import budget_for
from bench.suites.schedule import weight

TASKS = ("rosenbrock", "quadratic", "linear-regression")
OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "adagrad", "gru-rosenbrock")
ROUNDS = 3
"""Times that every executor does all cells; the median counts."""
TRIALS = 2048
"""Configurations that a cell of the speed-ups tries: so many that it is racing that takes the time, not compiling."""
COUNTED, RACED = 100_000_000, 3
"""What a process does for the yardsticks: numbers it counts, times that it does one cell."""

Start = Callable[[int], AbstractContextManager[Executor]]
"""An executor of so many processes."""


def measure(jobs: int, rounds: int = ROUNDS, trials: int = TRIALS) -> None:
    """Measure everything, so many empty jobs among it, and keep the numbers. Raises UserError without Dask."""
    usual, long = cells_measured(), cells_measured(trials)
    records = list(_records(_timed(Processes(1, Begin(begin)), usual).answers))
    about = process.provenance()
    measured = Measured(
        per_job=overhead(jobs),
        speedups=[
            speedup("processes", long, rounds, _of_processes),
            speedup("workers of a cluster", long, rounds, _of_cluster),
        ],
        yardsticks=[
            yardstick("only count", Call(count, (COUNTED,)), rounds),
            yardstick("race apart", Call(race, (long[0].address, RACED)), rounds),
        ],
        trials=trials,
        seconds_per_cell=statistics.median(sum(_seconds(record)) for record in records),
        share_compiling=sum(_seconds(r)[0] for r in records) / sum(sum(_seconds(r)) for r in records),
        cells=len(long),
        disk=sizes(records),
        processor=about["processor"],
        time=about["time"],
        commit=about["commit"],
    )
    sealed.write(scale_page.NUMBERS, measured.plain())


def cells_measured(trials: int | None = None) -> list[Job]:
    """Cells of the protocol that every suite has, or of so many trials: tuned and learned ones, on light tasks."""
    budgets = {task: budget_for(task) for task in TASKS}
    if trials is not None:
        budgets = {task: replace(budget, trials=trials) for task, budget in budgets.items()}
    return [job("cell", task, name, budgets[task]) for task in TASKS for name in OPTIMIZERS]


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


def speedup(name: str, cells: Sequence[Job], rounds: int, start: Start) -> Speedup:
    """All cells with one and with two, programs compiled before: medians of rounds that take turns."""
    found: dict[int, list[_Timed]] = {1: [], 2: []}
    for _ in range(rounds):
        for number, timed in found.items():
            with start(number) as executor:
                timed.append(_timed(executor, cells))
    one, two = (statistics.median(each.seconds for each in timed) for timed in found.values())
    return Speedup(name, one, two, statistics.median(each.processor / each.seconds for each in found[1]))


def yardstick(name: str, call: Call, rounds: int) -> Yardstick:
    """Twice as much by two processes that have nothing to do with each other, against one: what the machine allows."""
    found: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for number, seconds in found.items():
            with _of_processes(number) as executor:
                _do(executor, [call] * number)  # what is compiled or loaded once
                start = time.perf_counter()
                _do(executor, [call] * number)
                seconds.append(time.perf_counter() - start)
    return Yardstick(name, 2 * statistics.median(found[1]) / statistics.median(found[2]))


def count(progress: Any, numbers: int) -> None:
    """A loop of Python's own: nothing but a processor."""
    for _ in range(numbers):
        pass


def race(progress: Any, address: Address, times: int) -> None:
    """One cell so many times; all but the first find their programs made."""
    for _ in range(times):
        run_job(_unheard, address)


def _unheard(share: float) -> None:
    """Progress that nobody hears of."""


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
        _wait_for(str(file), workers)
        yield str(file)


def _wait_for(address: str, workers: int) -> None:
    client = connect(address)
    try:
        _until(lambda: threads(client) == workers, "the workers did not start")
    finally:
        close(client, [])


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


def _of_processes(number: int) -> AbstractContextManager[Executor]:
    return contextlib.nullcontext(Processes(number, Begin(begin)))


@contextlib.contextmanager
def _of_cluster(number: int) -> Iterator[Executor]:
    with cluster(number) as made:
        yield Cluster(made)


class _Timed(NamedTuple):
    """Seconds from the first cell to the last answer, those of the processor of one process, the answers."""

    seconds: float
    processor: float
    answers: list[Any]


def _timed(executor: Executor, cells: Sequence[Job]) -> _Timed:
    """All cells by an executor of which every process has done a cell before."""
    calls = [Call(run_job, (one.address,), weight(one)) for one in cells]
    with executor:
        _do(executor, calls[:2])
        before, start = _do(executor, [Call(spent)])[0], time.perf_counter()
        found = _do(executor, calls)
        seconds = time.perf_counter() - start
        return _Timed(seconds, _do(executor, [Call(spent)])[0] - before, found)


def spent(progress: Any) -> float:
    """Seconds of the processor that the process of this call has taken so far."""
    return time.process_time()


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
