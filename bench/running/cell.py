"""One cell, start to end: tune on tuning seeds, race the winners on fresh report seeds, keep the record."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.engine import VERSION, process, race, tiles
from bench.lookup import identity
from bench.lookup.named import NamedTask
from bench.records.record import Budget, Cell, Record, Runs
from bench.scores.metrics import METRICS
from optimizers import Entry


def identify(subject: NamedTask, entry: Entry, budget: Budget) -> Cell:
    """Everything that determines the numbers of a cell."""
    return Cell(
        subject.name,
        entry.name,
        budget,
        identity.task_definition(subject.task),
        identity.optimizer_definition(entry),
        {**process.versions(), "engine": VERSION},
    )


def finish(
    subject: NamedTask, entry: Entry, budget: Budget, progress: Callable[[float], None] = lambda runs: None
) -> Record:
    """The record of a cell; whatever its task or optimizer raises makes it a failed one."""
    cell = identify(subject, entry, budget)
    try:
        thetas, trials, runs, ledger = _measure(subject, entry, budget, progress)
        status, error = "ok", ""
    except Exception as problem:  # anybody's task or optimizer runs in here
        thetas, trials, runs, ledger = {}, {}, {}, {}
        status, error = "failed", _one_line(problem)
    return Record(
        cell,
        status,
        error,
        entry.kind,
        dict(entry.discloses),
        float(subject.task.floor),
        thetas,
        trials,
        runs,
        ledger,
        process.provenance(),
    )


def planned_runs(entry: Entry, budget: Budget) -> int:
    """Runs of a cell, tuning and reporting together: the unit of its progress bar."""
    tuning = budget.trials * budget.tuning_seeds if entry.space else 0
    return tuning + budget.seeds * (1 + len(METRICS) if entry.space else 1)


def _measure(subject, entry, budget, progress):
    from bench.running.tuning import best_theta, score_trials

    thetas, trials, spent = ({"default": dict(entry.defaults)}, {}, {"seconds_compile": 0.0, "seconds_tuning": 0.0})
    tile = None
    if entry.space:
        # one program serves both, so the tile is that of the larger of the two
        tile = tiles.shape(subject.task, budget.trials, budget.tuning_seeds)
        table, raced = score_trials(
            subject,
            entry,
            trials=budget.trials,
            seeds=budget.tuning_seeds,
            steps=budget.steps,
            tile=tile,
            progress=progress,
        )
        thetas |= {metric: best_theta(entry, table, metric) for metric in METRICS}
        trials = {column: table[column].tolist() for column in table}
        spent = {"seconds_compile": raced.seconds_compile, "seconds_tuning": raced.seconds_run}
    start = time.perf_counter()
    raced = race.race(
        subject,
        entry,
        list(thetas.values()),
        purpose="report",
        seeds=range(budget.seeds),
        steps=budget.steps,
        tile=tile,
        progress=progress,
    )
    seconds = time.perf_counter() - start
    runs = {tuned_for: _row(raced.runs, i) for i, tuned_for in enumerate(thetas)}
    ledger = {
        "gradients_tuning": float(budget.trials * budget.tuning_seeds * budget.steps if entry.space else 0),
        "gradients_reporting": float(budget.seeds * budget.steps),
        "gradients_metatraining": float(entry.discloses.get("metatraining_gradients", 0)),
        "seconds_metatraining": float(entry.discloses.get("metatraining_seconds", 0)),
        "seconds_compile": spent["seconds_compile"] + raced.seconds_compile,
        "seconds_tuning": spent["seconds_tuning"],
        "seconds_reporting": seconds - raced.seconds_compile,
    }
    return thetas, trials, runs, ledger


def _row(runs: Runs, i: int) -> Runs:
    return Runs(runs.steps, *(array[i] for array in runs[1:]))


def _one_line(problem: Exception) -> str:
    text = " ".join(str(problem).split())
    return f"{type(problem).__name__}: {text[:300]}"
