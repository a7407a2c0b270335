"""Races of the learned optimizers and of the tuned baselines on the same report problems, every step kept as a mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.engine import VERSION as ENGINE
from bench.engine.problems import Problems
from bench.engine.race import race
from bench.lookup import identity
from bench.lookup.named import NamedTask
from bench.scores.metrics import CAP, METRICS, studied
from optimizers import Entry

STEPS = 200
MARKS = (50, 100, 150, 200)
"""Steps at which every problem's loss is kept."""
VERSION = 2
"""Raised whenever what is kept of a race changes."""


def parts(subject: NamedTask, entry: Entry, theta: Mapping[str, Any], problems: int) -> tuple:
    """What a race depends on."""
    plain = sorted((name, value) for name, value in theta.items() if np.ndim(value) == 0)
    about = identity.task_definition(subject.task), identity.optimizer_definition(entry)
    return (subject.name, *about, plain, problems, STEPS, ENGINE, VERSION)


def raced(subject: NamedTask, entry: Entry, theta: Mapping[str, Any], problems: int) -> dict[str, Any]:
    """One θ on report problems 0 … problems − 1.

    scores {metric: (problems,)}; mean, initial and last (problems,): of the loss itself over steps 0 … 200, at step 0
    and at step 200; at {step: (problems,)}; curve (201,): mean loss over the problems. Diverged losses count as CAP
    times the initial one.
    """
    runs = race(entry, [dict(theta)], Problems(subject, "report", range(problems), STEPS), record="all").runs
    losses = np.asarray(runs.losses[0], "float64")
    limit = CAP * np.abs(losses[:, :1])
    losses = np.where(np.isfinite(losses), np.minimum(losses, limit), limit)
    floor = subject.task.floor
    return {
        "optimizer": entry.name,
        "task": subject.name,
        "problems": problems,
        "scores": {name: METRICS[name].score(runs, floor)[0] for name in studied()},
        "mean": losses.mean(axis=1),
        "initial": losses[:, 0],
        "last": losses[:, -1],
        "at": {str(step): losses[:, step] for step in MARKS},
        "curve": losses.mean(axis=0).tolist(),
    }
