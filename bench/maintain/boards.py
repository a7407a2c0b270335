"""What a board costs over many cells: a folder of cells made from shipped ones, a leaderboard in a process of its own.

A made cell is a shipped one under another task's and entry's name, with the budget of a light task, its problems in
another order. It reads as any cell.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.errors import UserError
from bench.records.record import Record, Runs
from bench.records.store import Store
from bench.scores.faults import finite_starts
from bench.suites.protocol import COSTS

ENTRIES = 40
"""Of a made folder, as many as `core` has."""
MOST_ENTRIES = 200
"""Of a folder of ten thousand cells and more."""
_MANY = 10_000


class Cost(NamedTuple):
    """Of one leaderboard: wall and processor seconds without those of imports, and the most bytes held."""

    cells: int
    seconds: float
    processor_seconds: float
    peak: int


def lines(counts: Sequence[int], pool: Path, metrics: Sequence[str]) -> Iterator[str]:
    """A line for every count of cells and metric."""
    yield f"{'cells':>7} {'metric':<10} {'seconds':>8} {'processor':>10} {'peak MiB':>9}"
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            fill(Path(folder), pool, count)
            for metric in metrics:
                cost = measured(Path(folder), metric)
                numbers = f"{cost.seconds:>8.2f} {cost.processor_seconds:>10.2f} {cost.peak / 2**20:>9.0f}"
                yield f"{cost.cells:>7} {metric:<10} {numbers}"


def fill(folder: Path, pool: Path, count: int) -> None:
    """Write `count` cells made from those of `pool` into `folder`, entries paired by problem on every task."""
    store = Store(folder)
    tasks = _by_task(Store(pool).records())
    if not tasks:
        raise UserError(f"{pool} holds no finished cells to make others of; give one such as results/reference/quick")
    entries = MOST_ENTRIES if count >= _MANY else ENTRIES
    for number in range(count):
        task, entry = divmod(number, entries)
        of = tasks[task % len(tasks)]
        store.write(_made(of[entry % len(of)], task, entry))


def measured(folder: Path, metric: str) -> Cost:
    """A leaderboard over `folder` in a fresh process."""
    command = [sys.executable, "-m", __name__, str(folder), metric]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    return Cost(*json.loads(found.stdout.splitlines()[-1]))


def _by_task(records: list[Record]) -> list[list[Record]]:
    """Finished cells of tuned and untuned entries by task; oracles are made for their own task only."""
    kept: dict[str, list[Record]] = {}
    for record in records:
        started = all(finite_starts(runs).all() for runs in record.runs.values())
        if record.status == "ok" and record.kind != "oracle" and started:
            kept.setdefault(record.cell.task, []).append(record)
    return list(kept.values())


def _made(record: Record, task: int, entry: int) -> Record:
    """`record` under another name; which problems it has is the task's choice, so that entries stay paired."""
    budget = COSTS["cost:light"]
    order = np.random.default_rng(task).permutation(record.cell.budget.seeds)[: budget.seeds]
    cell = replace(
        record.cell,
        task=f"{record.cell.task}-{task}",
        optimizer=f"{record.cell.optimizer}-{entry}",
        optimizer_definition=f"{entry}",
        budget=budget,
    )
    runs = {name: Runs(one.steps, *(values[order] for values in one[1:])) for name, one in record.runs.items()}
    measures = {
        name: {what: np.asarray(values)[order].tolist() for what, values in of.items()}
        for name, of in record.measures.items()
    }
    trials = {name: values[: budget.trials] for name, values in record.trials.items()}
    again = [row for row, trial in enumerate(record.recheck.get("trial", ())) if trial < budget.trials]
    recheck = {name: [values[row] for row in again] for name, values in record.recheck.items()}
    return record._replace(cell=cell, runs=runs, measures=measures, trials=trials, recheck=recheck)


def _main(folder: str, metric: str) -> None:
    from bench.scores.leaderboard import leaderboard

    wall, spent = time.perf_counter(), time.process_time()
    leaderboard(folder, metric)
    cells = len(list((Path(folder) / "cells").glob("*.parquet")))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps([cells, time.perf_counter() - wall, time.process_time() - spent, peak]))


if __name__ == "__main__":
    _main(*sys.argv[1:])
