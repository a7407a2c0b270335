"""Runs as files that other benchmarks' viewers open: a folder an optimizer, a viewer's format by name.

A value is the loss above the task's floor, an evaluation a gradient: step s is evaluation s + 1. Tasks and optimizers
may be called anything, so files and folders have names made from theirs, and numbers are all that viewers compute with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from bench.records.record import Record
from bench.scores import metrics
from bench.scores.results import chosen

_LONGEST = 80
"""Characters of a file's name that stand for a task or an optimizer."""


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
