"""How long a suite will take: by what this machine spent before, else by a table, at the speed of this machine.

What is in neither is called unknown; nothing is guessed. `python -m bench maintain timings` makes the table.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.engine import tiles
from bench.errors import UserError
from bench.lookup.named import NamedTask
from bench.records import sealed
from bench.records.record import Budget, Cell
from bench.records.store import Store
from bench.scores import budgets
from bench.scores.metrics import METRICS
from bench.suites import machine
from bench.suites.jobs import Job
from optimizers import Entry

TABLE = Path(__file__).parent / "timings.json"
LEAST = 0.5
"""Seconds of steps below which a cell says nothing of their speed: calling them takes longer."""
_SEED = re.compile(r"-\d+$")


class Cost(NamedTuple):
    """What one cell takes: seconds once, for its program, and seconds per optimizer step and run."""

    compile: float
    step: float
    source: str
    """"runs": this machine's earlier ones | "table" | "trial": a few steps taken now."""

    def seconds(self, steps: int) -> float:
        """Of a cell of so many steps over all its runs."""
        return self.compile + self.step * steps


class Forecast(NamedTuple):
    """Expected seconds of a cell, 0 when it is done and NaN when unknown, and what says so."""

    job: Job
    seconds: float
    source: str


def costs() -> dict[str, Any]:
    """The table: seconds of tasks and optimizers, and the machine they are of; empty where it is missing or damaged."""
    return sealed.read(TABLE, "what it says is taken for unknown; make it: python -m bench maintain timings") or {}


def forecast(jobs: Iterable[Job], out: Path, folders: Iterable[Path]) -> list[Forecast]:
    """Expected seconds of cells that a run into `out` would take; `folders` hold what this machine ran before."""
    spent = {folder: _ledgers(folder) for folder in (*folders, out)}
    held = [cell for cell, _ in spent[out]]
    earlier, table = _earlier(entry for each in spent.values() for entry in each), costs()
    return [_forecast(job, held, earlier, table) for job in jobs]


def _forecast(job: Job, held: list[Cell], earlier: Mapping[Any, Any], table: Mapping[str, Any]) -> Forecast:
    subject, entry = job.subject, job.entry
    if budgets.covering(held, job.cell) is not None:
        return Forecast(job, 0.0, "done")
    cost = _from_runs(subject, entry, earlier) or _from_table(subject, entry, table) or _from_trial(subject)
    if cost is None:
        return Forecast(job, math.nan, "unknown")
    return Forecast(job, cost.seconds(steps_computed(subject, entry, job.budget)), cost.source)


def steps_computed(subject: NamedTask, entry: Entry, budget: Budget) -> int:
    """Optimizer steps of a cell over all its runs, the padding of tiles included; of re-checked trials the most."""
    rows, columns = _tile(subject, entry, budget)
    report = 1 + len(METRICS) if entry.space else 1
    runs = _padded(report, rows) * _padded(budget.seeds, columns)
    if entry.space:
        runs += _padded(budget.trials, rows) * _padded(budget.tuning_seeds, columns)
        runs += _padded(budget.raced_again(len(METRICS)), rows) * _padded(budget.recheck_seeds, columns)
    return runs * budget.steps


def _tile(subject: NamedTask, entry: Entry, budget: Budget) -> tuple[int, int]:
    trials, problems = (budget.trials, budget.tuning_seeds) if entry.space else (1, budget.seeds)
    rows, columns = tiles.shape(subject.task, trials, problems)
    swept = any(np.ndim(value) == 0 for value in entry.defaults.values())
    return (rows if swept else 1), columns


def _padded(count: int, width: int) -> int:
    return -(-count // width) * width


def _from_runs(subject: NamedTask, entry: Entry, earlier: Mapping[Any, Any]) -> Cost | None:
    """Cost by this machine's ledgers of the same task and entry; the first tile is in their compile seconds."""
    compiling, seconds, steps = [], 0.0, 0
    for budget, ledger in earlier.get((subject.name, entry.name), ()):
        first = math.prod(_tile(subject, entry, budget)) * budget.steps
        compiling.append(ledger.get("seconds_compile", 0.0))
        seconds += ledger.get("seconds_tuning", 0.0) + ledger.get("seconds_reporting", 0.0)
        steps += max(0, steps_computed(subject, entry, budget) - first)
    if not steps:
        return None
    return Cost(max(compiling), seconds / steps, "runs")


def _from_table(subject: NamedTask, entry: Entry, table: Mapping[str, Any]) -> Cost | None:
    """The task's cost with plain gradient descent, and what the entry adds per parameter."""
    found = of_table(subject, entry, table)
    if found is None:
        return None
    part = "warm" if machine.compiled(program(subject, entry)) else "cold"
    return found._replace(compile=found.compile * machine.speed(part), step=found.step * machine.speed("step"))


def of_table(subject: NamedTask, entry: Entry, table: Mapping[str, Any]) -> Cost | None:
    """The table's own, of its machine; weights of another meta-seed (`…-2`) cost what the first do."""
    rules = table.get("optimizers", {})
    name = entry.name.partition("[")[0]
    task, rule = table.get("tasks", {}).get(subject.name), rules.get(name, rules.get(_SEED.sub("", name)))
    if task is None or rule is None:
        return None
    return Cost(task["compile"] + rule["compile"], task["step"] + task["parameters"] * rule["step"], "table")


def program(subject: NamedTask, entry: Entry) -> str:
    """What the machine remembers a compiled program by."""
    return f"{entry.name} on {subject.name}"


def learn(made: Iterable[tuple[Job, Mapping[str, float]]]) -> None:
    """Let this machine's speed follow from the ledgers of cells that it made just now."""
    table = costs()
    took: list[machine.Took] = []
    programs: list[str] = []
    for job, ledger in made:
        name = program(job.subject, job.entry)
        part = "warm" if machine.compiled(name) else "cold"
        programs.append(name)
        if (cost := of_table(job.subject, job.entry, table)) is not None:
            steps = cost.step * steps_computed(job.subject, job.entry, job.budget)
            spent = sum(ledger.get(f"seconds_{kind}", 0.0) for kind in ("tuning", "reporting"))
            took.append(machine.Took(part, ledger.get("seconds_compile", 0.0), cost.compile))
            took += [machine.Took("step", spent, steps)] if steps > LEAST else []
    machine.learn(took, programs)


def _from_trial(subject: NamedTask) -> Cost | None:
    """Cost by what a task measures of itself, gradients and scores, the optimizer's own arithmetic left out."""
    needs = subject.task.needs()
    return None if needs is None else Cost(*needs[:2], "trial")


def _earlier(spent: Iterable[tuple[Cell, dict[str, float]]]) -> dict[tuple[str, str], list[Any]]:
    earlier = defaultdict(list)
    for cell, ledger in spent:
        earlier[cell.task, cell.optimizer].append((cell.budget, ledger))
    return earlier


def _ledgers(folder: Path) -> list[tuple[Cell, dict[str, float]]]:
    try:
        return Store(folder).ledgers(whole=True)
    except UserError:
        return []
