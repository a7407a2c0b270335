"""Runs as files that other benchmarks' viewers open: a folder an optimizer, a viewer's format by name.

A value is the loss above the task's floor, an evaluation a gradient: step s is evaluation s + 1. Tasks and optimizers
may be called anything, so files and folders have names made from theirs, and numbers are all that viewers compute with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.errors import UserError
from bench.records.files import check_folder, write_bytes
from bench.records.record import Record
from bench.scores import metrics
from bench.scores.results import Results, chosen, finished

_LONGEST = 80
"""Characters of a file's name that stand for a task or an optimizer."""
MOST_PROBLEMS = 65535
"""Viewers count instances in 16 bits."""


class Curves(NamedTuple):
    """The runs of a cell as viewers take them: evaluations (K,) from 1 on, losses above the floor (runs, K).

    `gaps` are at least 0, and infinite from where a run diverges on. `number` is the task's, from 1 on.
    """

    number: int
    task: str
    optimizer: str
    record: Record
    evaluations: np.ndarray
    gaps: np.ndarray

    @property
    def best(self) -> np.ndarray:
        """(runs, K): the lowest gap so far."""
        return np.minimum.accumulate(self.gaps, axis=-1)


class Viewer(NamedTuple):
    """A format: `files(curves of one optimizer, their folder's name)` -> {path within the export: content}."""

    about: str
    files: Callable[[list[Curves], str], dict[str, str]]
    most_tasks: int
    notes: Callable[[list[str]], dict[str, str]]
    """Tasks by their number -> files that say what is what: {path: content}."""


VIEWERS: dict[str, Viewer] = {}
"""{name: viewer}; `bench.reports.ioh` and `bench.reports.coco` add theirs."""


def export(results: Results, form: str, out: Path, tuned_for: str = "mean_loss") -> list[str]:
    """Write the runs of `results` for the viewer `form` into the new or empty folder `out` -> what was left out.

    Shown are the runs tuned for the metric `tuned_for`, or "default": untuned ones. Raises UserError.
    """
    viewer, tasks, left_out = VIEWERS[form], *_whole(results)
    _check(results, tasks, form, tuned_for)
    if out.is_dir() and any(out.iterdir()):
        raise UserError(f"{out} is not empty; give --out a new folder, so that a viewer finds nothing else in it")
    numbers, names = {task: i for i, task in enumerate(tasks, 1)}, folder_names(results.optimizers)
    check_folder(out)
    for optimizer in results.optimizers:
        found = [r for r in results.of_optimizer(optimizer) if finished(r) and r.cell.task in numbers]
        left_out += [f"{optimizer} on {r.cell.task}: {r.error}" for r in results.of_optimizer(optimizer) if r.error]
        curves = [curves_of(record, numbers[record.cell.task], tuned_for) for record in found]
        _write(out, viewer.files(curves, names[optimizer]) if curves else {})
    _write(out, viewer.notes(tasks))
    return left_out


def curves_of(record: Record, number: int, tuned_for: str = "mean_loss") -> Curves:
    """The curves of a finished cell, of θ tuned for a metric, or of "default"."""
    name = "default" if tuned_for == "default" else chosen(record, metrics.get(tuned_for))
    runs = metrics.absorbed(record.runs[name], record.floor)
    diverged = (runs.diverged[:, None] >= 0) & (np.asarray(runs.steps) >= runs.diverged[:, None])
    gaps = np.asarray(runs.losses, "float64") - record.floor
    gaps = np.where(np.isfinite(gaps) & ~diverged, np.maximum(gaps, 0.0), np.inf)
    return Curves(number, record.cell.task, record.cell.optimizer, record, np.asarray(runs.steps) + 1, gaps)


def folder_names(names: Iterable[str]) -> dict[str, str]:
    """{name: what a folder or a file of it is called}: letters, digits, dot, dash and underscore, no two alike."""
    found: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:_LONGEST].strip(".-_") or "unnamed"
        others, choice, count = {other.lower() for other in found.values()}, plain, 1
        while choice.lower() in others:
            count += 1
            choice = f"{plain}-{count}"
        found[name] = choice
    return found


def _whole(results: Results) -> tuple[list[str], list[str]]:
    """Tasks whose losses mean something, and why others are left out."""
    void = {fault.task: str(fault) for fault in results.faults if fault.void}
    return [task for task in results.tasks if task not in void], list(void.values())


def _check(results: Results, tasks: list[str], form: str, tuned_for: str) -> None:
    if tuned_for != "default":
        metrics.get(tuned_for)
    if len(tasks) > VIEWERS[form].most_tasks:
        raise UserError(
            f"{form} has room for {VIEWERS[form].most_tasks} tasks and here are {len(tasks)}; "
            "narrow them with --tasks or --family"
        )
    problems = max(map(results.problems, tasks), default=0)
    if problems > MOST_PROBLEMS:
        raise UserError(f"{form} has room for {MOST_PROBLEMS} problems and here are {problems}; give --budget seeds=…")
    if not any(map(finished, results.records.values())):
        raise UserError("no finished cell is left to export; see python -m bench leaderboard for what failed")


def _write(out: Path, files: dict[str, str]) -> None:
    for path, content in files.items():
        write_bytes(out / path, content.encode())
