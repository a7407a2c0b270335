"""All trials of an entrant on a task, raced on tuning problems and on report problems alike.

So the report score of the best of k trials is known for every k and every draw of them, from one set of trials. Kept in
a file each, so that a second call only reads.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.lookup.named import NamedTask
from bench.lookup.resolve import named_task
from bench.records import arrays
from bench.records.files import note
from bench.records.record import Budget, Runs
from bench.running.tuning import draw_trials
from bench.scores.metrics import METRICS
from bench.scores.scale import leveled
from bench.studies.generalist.entrants import KNOB, Entrant
from bench.suites.jobs import job
from bench.suites.protocol import COSTS

SHOWN = ("mean_log", "mean_loss", "anytime")
KNOB_TRIALS = 24
MEDIUM_TRIALS = 128
"""Twice those of `core`: no reported task is light, and the best of 128 is asked for."""


class Scores(NamedTuple):
    """On their scale (bench.scores.scale), lower is better: `default` (problems,) of the report problems, `tuning`
    (trials, tuning problems), `report` (trials, problems).
    """

    default: np.ndarray
    tuning: np.ndarray
    report: np.ndarray


def budget_of(task: str) -> Budget:
    """That of `core` by what a step of the task costs; medium tasks have 128 trials. No task has its own."""
    cost = named_task(task).task.cost
    usual = COSTS[f"cost:{cost}"]
    return replace(usual, trials=MEDIUM_TRIALS) if cost == "medium" else usual


def measure(task: str, entrant: Entrant, folder: Path, budget: Budget | None = None) -> dict[str, Scores]:
    """{metric: Scores}, read from `folder` or raced and kept there."""
    budget = budget or _limited(budget_of(task), entrant)
    cell = job("cell", task, entrant.entry, budget).cell
    path = folder / f"{task}@{entrant.entry.name}@{cell.id}.npz"
    held = _held(path)
    if held is None:
        raced = _raced(task, entrant, budget)
        parts = {f"{name}/{part}": getattr(s, part) for name, s in raced.items() for part in s._fields}
        held = {name: values.astype("float32") for name, values in parts.items()}
        arrays.write(path, held)
    return {name: Scores(*(held[f"{name}/{part}"].astype("float64") for part in Scores._fields)) for name in SHOWN}


def _held(path: Path) -> dict[str, np.ndarray] | None:
    """What was raced before; None where there is nothing, or, with a note, a damaged file."""
    try:
        return arrays.read(path) if path.is_file() else None
    except Exception:  # whatever a damaged file makes NumPy or zlib raise
        note(f"{path} is damaged or of an older version; it is raced again")
        return None


def _limited(budget: Budget, entrant: Entrant) -> Budget:
    """One knob needs no more than 24 trials."""
    return replace(budget, trials=min(budget.trials, KNOB_TRIALS)) if entrant.searched == KNOB else budget


def _raced(task: str, entrant: Entrant, budget: Budget) -> dict[str, Scores]:
    from bench.engine import tiles
    from bench.engine.problems import Problems
    from bench.engine.race import race

    subject, entry = named_task(task), entrant.entry
    problems = Problems(subject, "report", range(budget.seeds), budget.steps)
    if not entry.space:
        runs = race(entry, [dict(entry.defaults)], problems).runs
        none = np.empty((0, budget.tuning_seeds)), np.empty((0, budget.seeds))
        return {name: Scores(_scored(name, runs, subject)[0], *none) for name in SHOWN}
    thetas = draw_trials(entry, budget.trials)
    tile = tiles.shape(subject.task, budget.trials, budget.tuning_seeds)
    tuning = race(entry, thetas, Problems(subject, "tune", range(budget.tuning_seeds), budget.steps), tile=tile).runs
    report = race(entry, [dict(entry.defaults), *thetas], problems, tile=tile).runs
    found = {}
    for name in SHOWN:
        first, second = _scored(name, tuning, subject), _scored(name, report, subject)
        found[name] = Scores(second[0], first, second[1:])
    return found


def _scored(name: str, runs: Runs, subject: NamedTask) -> np.ndarray:
    """On the metric's scale, lower is better."""
    metric = METRICS[name]
    return -metric.sign * leveled(metric, metric.score(runs, subject.task.floor))
