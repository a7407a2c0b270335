"""Stored results as tidy frames: one row per run, one row per trial of tuning."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from bench.records.files import strict
from bench.records.record import Record
from bench.scores.measures import TARGETS, steps_to
from bench.scores.metrics import METRICS
from bench.scores.results import finished, load

__all__ = ["scores", "trials"]


def scores(out: Any) -> pd.DataFrame:
    """One row per run: task, optimizer, kind, tuned_for, seed, a column per metric, steps to each of TARGETS,
    diverged_at, measures of the task.

    `tuned_for` is what the θ of the run was tuned for ("default": nothing), `seed` the number of the problem, equal
    numbers being equal problems for every optimizer. A metric's unit is its own (`bench list metrics`); `steps_…` is
    infinite where a run never gets there, `diverged_at` the first diverged step or −1. Failed cells have no rows.
    Raises UserError where there are no results.
    """
    parts = [_runs(record, name) for record in load(out).records.values() if finished(record) for name in record.runs]
    return _joined(
        parts,
        ["task", "optimizer", "kind", "tuned_for"],
        ["seed", *METRICS, *(f"steps_{name}" for name in TARGETS), "diverged_at"],
    )


def trials(out: Any) -> pd.DataFrame:
    """One row per configuration that tuning tried: task, optimizer, trial, its settings, mean score per metric, theta.

    Scores are means over the tuning problems. Settings that an optimizer does not have are empty, `theta` is all of
    a trial's as JSON; `chosen_for` names the metrics that chose it, between commas. Raises UserError.
    """
    parts = [_trials(record) for record in load(out).records.values() if finished(record) and record.trials]
    frame = _joined(parts, ["task", "optimizer"], ["trial", *METRICS, "chosen_for", "theta"])
    settings = [name for name in frame.columns if name not in _PLAIN]
    for name in settings:
        if frame[name].map(lambda value: isinstance(value, (str, bool, list, tuple))).any():
            frame[name] = frame[name].map(_text)
    return frame.reindex(columns=["task", "optimizer", "trial", *settings, *METRICS, "chosen_for", "theta"])


_PLAIN = {"task", "optimizer", "trial", "chosen_for", "theta", *METRICS}


def _runs(record: Record, tuned_for: str) -> pd.DataFrame:
    runs = record.runs[tuned_for]
    columns = {
        "seed": np.arange(len(runs.diverged)),
        **{name: np.asarray(metric.score(runs, record.floor)) for name, metric in METRICS.items()},
        **{f"steps_{name}": steps_to(runs, record.floor, target) for name, target in TARGETS.items()},
        "diverged_at": runs.diverged,
        **record.measures.get(tuned_for, {}),
    }
    about = {"task": record.cell.task, "optimizer": record.cell.optimizer, "kind": record.kind, "tuned_for": tuned_for}
    return _part(about, columns)


def _trials(record: Record) -> pd.DataFrame:
    columns = {name: list(values) for name, values in record.trials.items()}
    count = len(next(iter(columns.values())))
    tried = columns.pop("trial", list(range(count)))
    settings = [name for name in columns if name not in METRICS]
    thetas = [{name: strict(columns[name][i]) for name in settings} for i in range(count)]
    return _part(
        {"task": record.cell.task, "optimizer": record.cell.optimizer},
        {"trial": tried, **columns, "chosen_for": _chosen(record, thetas), "theta": list(map(json.dumps, thetas))},
    )


def _chosen(record: Record, thetas: list[dict[str, Any]]) -> list[str]:
    """Of each trial, the metrics whose winner it is."""
    names: list[list[str]] = [[] for _ in thetas]
    for metric in METRICS:
        won = strict(record.thetas.get(metric, {}))
        match = next((i for i, theta in enumerate(thetas) if theta and theta.items() <= won.items()), None)
        if match is not None:
            names[match].append(metric)
    return [",".join(of) for of in names]


def _part(about: dict[str, str], columns: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame({**about, **columns})


def _joined(parts: list[pd.DataFrame], names: list[str], numbers: list[str]) -> pd.DataFrame:
    """`parts` below each other; without any, no rows of the columns there always are."""
    if not parts:
        return pd.DataFrame(columns=[*names, *numbers])
    return pd.concat(parts, ignore_index=True)


def _text(value: Any) -> Any:
    missing = value is None or (isinstance(value, float) and np.isnan(value))
    return None if missing else value if isinstance(value, str) else json.dumps(strict(value))
