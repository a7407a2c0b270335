"""What a finished cell is: its identity, its card and its runs. Data only; no TensorFlow, no files."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import numpy as np

from bench.terminal import counted


class Runs(NamedTuple):
    """Recorded runs of one optimizer on one task; the leading axes (…) are whatever the caller races.

    steps: (K,) int, recorded gradient evaluations, first 0, last the budget. losses: (…, K) at those steps. mean_loss,
    mean_log: (…), over every step from 0 to the last, of loss / initial loss and of its log10 (capped as
    bench.scores.metrics says). best: (…) lowest loss of any step. diverged: (…) int, first diverged step or −1.
    """

    steps: np.ndarray
    losses: np.ndarray
    mean_loss: np.ndarray
    mean_log: np.ndarray
    best: np.ndarray
    diverged: np.ndarray


@dataclass(frozen=True)
class Budget:
    """What every entry of a cell may spend and how its θ is chosen: the one protocol of runs and of studies.

    Counts of gradient evaluations, problems and configurations. `trials` configurations race on `tuning_seeds`
    problems; by every metric the `finalists` best of them race again on `recheck_seeds` fresh ones, and the best over
    both sets of problems is reported on `seeds` others. Without re-check (either is 0) the best trial is.
    """

    steps: int = 200
    seeds: int = 128
    trials: int = 64
    tuning_seeds: int = 16
    finalists: int = 5
    recheck_seeds: int = 64

    def __post_init__(self) -> None:
        if not (self.finalists and self.recheck_seeds):
            object.__setattr__(self, "finalists", 0)
            object.__setattr__(self, "recheck_seeds", 0)

    def raced_again(self, metrics: int) -> int:
        """Most configurations of a re-check by so many metrics: finalists of several race once."""
        return min(self.trials, self.finalists * metrics)

    @property
    def tuning_words(self) -> str:
        """How θ is chosen: "64 trials on 16 tuning problems, by each metric the best 5 again on 64 fresh ones"."""
        first = f"{counted(self.trials, 'trial')} on {counted(self.tuning_seeds, 'tuning problem')}"
        again = f", by each metric the best {self.finalists} again on {self.recheck_seeds} fresh ones"
        return first + (again if self.finalists else "")


RECHECK = ("finalists", "recheck_seeds")
"""Counts of a budget that may be 0, both then."""


@dataclass(frozen=True)
class Cell:
    """Identity of one cell. Two cells with equal fields give equal numbers, bit for bit on one machine."""

    task: str
    optimizer: str
    budget: Budget
    task_definition: str
    """Class, settings, version and, for files outside the project, a digest of the source."""
    optimizer_definition: str
    """Space, defaults or weights, version and, for files outside the project, a digest of the source."""
    versions: dict[str, str] = field(default_factory=dict)
    """Of everything that can move a number: tensorflow, keras, the engine."""

    @functools.cached_property
    def id(self) -> str:
        """Sixteen hexadecimal digits of a SHA-256 over all of the above."""
        parts = {part.name: getattr(self, part.name) for part in fields(self)} | {"budget": vars(self.budget)}
        if not self.budget.finalists:  # as before there was a re-check: the cells are the same
            parts["budget"] = {name: n for name, n in parts["budget"].items() if name not in RECHECK}
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Record(NamedTuple):
    """One finished cell, as the store keeps it. A new field goes to the end with a default, which cells written before
    it are read with.
    """

    cell: Cell
    status: str
    """"ok", or "failed": the task or the optimizer raised."""
    error: str
    """One line, when failed."""
    kind: str
    """"hand-designed" | "learned" | "oracle"."""
    discloses: dict[str, Any]
    floor: float
    """The task's lowest reachable loss."""
    thetas: dict[str, dict[str, Any]]
    """{tuned for: θ}: the winner of tuning for each metric; only "default" where nothing was tuned."""
    trials: dict[str, list[Any]]
    """Columns of the trials table: one per swept hyper-parameter, and the mean score per metric."""
    runs: dict[str, Runs]
    """{tuned for: runs with leading axis seeds}; report seeds 0 … seeds − 1."""
    ledger: dict[str, float]
    """What was spent: gradients_tuning, gradients_recheck (part of it), gradients_reporting, gradients_metatraining,
    seconds_compile, seconds_tuning, seconds_reporting, and of what: parameters, state_bytes_per_parameter …
    """
    provenance: dict[str, str]
    """Host, processor, Python, package versions, time, git commit, how runs were executed."""
    measures: dict[str, dict[str, list[float]]] = {}  # noqa: RUF012 (never written to)
    """{tuned for: {what the task measures: its value at the end of every run}}; empty where it measures nothing."""
    recheck: dict[str, list[Any]] = {}  # noqa: RUF012 (never written to)
    """Columns of the re-check's table: the `trial` raced again, and its mean score per metric on the fresh problems;
    empty where there was none.
    """
