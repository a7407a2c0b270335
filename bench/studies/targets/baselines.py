"""Baselines tuned with care: for every metric the best of many trials, chosen again on fresh problems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bench.engine.problems import Problems
from bench.engine.race import race
from bench.lookup import identity, resolve
from bench.lookup.named import NamedTask
from bench.records.memo import memo
from bench.running.tuning import draw_trials
from bench.scores.metrics import studied
from bench.studies.targets.analyze import scores
from bench.studies.targets.plan import STEPS, Protocol
from optimizers import Entry

METRICS = (*studied(), "log_final")


def tuned(subject: NamedTask, name: str, protocol: Protocol, out: Path) -> dict[str, Any]:
    """{metric: θ} of the baseline `name`; read from `out` when it was found before under the same protocol.

    How many problems are reported on is no part of that.
    """
    entry = resolve.entry(name)
    path = out / "baselines" / f"{subject.name}@{name}.json"
    about = {
        "protocol": list(protocol._replace(report=0)),
        "task": identity.task_definition(subject.task),
        "optimizer": identity.optimizer_definition(entry),
    }
    return memo(path, about, lambda: {"thetas": search(subject, entry, protocol)}, "about")["thetas"]


def search(subject: NamedTask, entry: Entry, protocol: Protocol) -> dict[str, Any]:
    """{metric: θ}: all trials on the tuning problems, the finalists of all metrics on fresh ones."""
    trials = draw_trials(entry, protocol.trials)
    first = _means(subject, entry, trials, range(protocol.tuning))
    chosen = sorted({i for row in first.values() for i in np.argsort(row)[: protocol.finalists]})
    finalists = [trials[i] for i in chosen]
    fresh = range(protocol.tuning, protocol.tuning + protocol.fresh)
    second = _means(subject, entry, finalists, fresh)
    return {metric: finalists[int(np.argmin(row))] for metric, row in second.items()}


def _means(subject: NamedTask, entry: Entry, thetas, seeds: range) -> dict[str, np.ndarray]:
    """{metric: mean score of every θ}."""
    raced = race(entry, thetas, Problems(subject, "tune", seeds, STEPS))
    floor = subject.task.floor
    return {metric: scores(metric, raced.runs, floor).mean(axis=-1) for metric in METRICS}
