"""One cell, start to end: tune on tuning seeds, race the winners on fresh report seeds, keep the record."""

from __future__ import annotations

import errno
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from bench import stops
from bench.engine import process, programs, race, tiles
from bench.engine.problems import Problems
from bench.engine.sizes import sizes
from bench.errors import MachineError
from bench.lookup import plugins, surroundings
from bench.lookup.named import NamedTask
from bench.records.record import Budget, Record, Runs
from bench.running.tuning import search
from bench.scores.metrics import METRICS
from bench.suites.jobs import Job
from bench.terminal import shown
from optimizers import Entry
from optimizers.base import PARTS
from tasks import Task

if TYPE_CHECKING:
    import pandas as pd


def evaluate_cell(job: Job, progress: Callable[[float], None] = lambda share: None) -> Record:
    """The record of a job's cell; whatever its task or optimizer raises makes it a failed one.

    `progress` is told of shares of the cell.
    """
    subject, entry, planned = job.subject, job.entry, planned_runs(job.entry, job.budget)
    try:
        with surroundings.kept():
            measured = _measure(subject, entry, job.budget, lambda runs: progress(runs / planned))
    except BaseException as problem:  # anybody's task or optimizer runs in here
        if stops.meant(problem):
            raise
        if _of_the_machine(problem):
            raise MachineError(_one_line(problem)) from problem
        return failed(job, _one_line(problem))
    return _record(job, "ok", "", measured)


def _of_the_machine(problem: BaseException) -> bool:
    """Whether memory, or room on a disk, was missing."""
    if isinstance(problem, OSError):
        return problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM)
    exhausted = type(problem).__name__ in ("ResourceExhaustedError", "UnavailableError")
    return isinstance(problem, MemoryError) or exhausted or "No space left on device" in str(problem)


def failed(job: Job, error: str) -> Record:
    """The record of a cell that came to nothing, for the reason `error`, a line."""
    return _record(job, "failed", error, _Measured({}, {}, {}, {}, {}, {}))


def _record(job: Job, status: str, error: str, measured: _Measured) -> Record:
    task, entry = job.subject.task, job.entry
    about: dict[str, Any] = {"kind": entry.kind, "discloses": dict(entry.discloses), "floor": _floor(task)}
    provenance = {**process.provenance(), **(_execution(task, entry) if status == "ok" else {})}
    return Record(job.cell, status, error, **about, **measured._asdict(), provenance=provenance)


def _floor(task: Task) -> float:
    """NaN where the task's own code fails to say, or says no number: then its cell is a failed one."""
    try:
        return float(task.floor)
    except Exception:
        return math.nan


def _execution(task: Task, entry: Entry) -> dict[str, str]:
    alone = f"one run at a time, {'by' if task.compiled else 'without'} XLA"
    return {"execution": alone if task.alone else f"runs side by side, by {programs.compiler(task, entry.build)}"}


class _Measured(NamedTuple):
    """What running a cell gives its record."""

    thetas: dict[str, dict[str, Any]]
    trials: dict[str, list[Any]]
    runs: dict[str, Runs]
    ledger: dict[str, float]
    measures: dict[str, dict[str, list[float]]]
    recheck: dict[str, list[Any]]


def planned_runs(entry: Entry, budget: Budget) -> int:
    """Runs of a cell, tuning, re-check (at most) and reporting together: the unit of its progress bar."""
    if not entry.space:
        return budget.seeds
    tuning = budget.trials * budget.tuning_seeds + budget.raced_again(len(METRICS)) * budget.recheck_seeds
    return tuning + budget.seeds * (1 + len(METRICS))


def _measure(subject: NamedTask, entry: Entry, budget: Budget, progress: Callable[[float], None]) -> _Measured:
    thetas, found, tile = {"default": dict(entry.defaults)}, None, None
    if entry.space:
        # one program serves all races, so the tile is that of the largest
        tile = tiles.shape(subject.task, budget.trials, budget.tuning_seeds)
        found = search(subject, entry, budget, tile=tile, progress=progress)
        thetas |= found.thetas
        progress(budget.raced_again(len(METRICS)) * budget.recheck_seeds - found.runs_recheck)
    start = time.perf_counter()
    raced = race.race(
        entry,
        list(thetas.values()),
        Problems(subject, "report", range(budget.seeds), budget.steps),
        tile=tile,
        progress=progress,
    )
    seconds = time.perf_counter() - start
    runs = {tuned_for: _row(raced.runs, i) for i, tuned_for in enumerate(thetas)}
    spent_in_a_run = _gradients(entry, budget.steps)
    ledger = {
        "gradients_tuning": spent_in_a_run * (found.runs + found.runs_recheck if found else 0),
        "gradients_recheck": spent_in_a_run * (found.runs_recheck if found else 0),
        "gradients_reporting": spent_in_a_run * budget.seeds,
        "gradients_metatraining": float(entry.discloses.get("metatraining_gradients", 0)),
        "seconds_metatraining": float(entry.discloses.get("metatraining_seconds", 0)),
        "seconds_compile": (found.seconds_compile if found else 0.0) + raced.seconds_compile,
        "seconds_tuning": found.seconds_run if found else 0.0,
        "seconds_reporting": seconds - raced.seconds_compile,
        **sizes(entry, subject, budget.steps),
    }
    measures = {
        tuned_for: {name: values[i].tolist() for name, values in raced.measured.items()}
        for i, tuned_for in enumerate(thetas)
    }
    trials, recheck = (_columns(found.trials), _columns(found.recheck)) if found else ({}, {})
    return _Measured(thetas, trials, runs, ledger, measures if raced.measured else {}, recheck)


def _columns(table: pd.DataFrame) -> dict[str, list[Any]]:
    """A table as a record keeps it; nothing of one without rows."""
    return {column: table[column].tolist() for column in table} if len(table) else {}


def _gradients(entry: Entry, steps: int) -> float:
    """Gradient evaluations of a run, what its updates ask for beside them included: at most `steps`."""
    return float(steps) if entry.asks is None else entry.asks.parts * entry.updates(steps) / PARTS


def _row(runs: Runs, i: int) -> Runs:
    return Runs(runs.steps, *(array[i] for array in runs[1:]))


def _one_line(problem: BaseException) -> str:
    text = shown(" ".join(str(problem).split()))
    return f"{type(problem).__name__}: {text[:300]}{plugins.place(problem)}"
