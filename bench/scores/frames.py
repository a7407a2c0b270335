"""Stored results as tidy frames: one row per run, one row per trial of tuning."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from bench.records.files import strict
from bench.records.record import Record
from bench.scores import luck
from bench.scores.measures import TARGETS, steps_to
from bench.scores.metrics import METRICS, Metric
from bench.scores.results import finished, load
from bench.scores.selection import of_record

__all__ = ["scores", "trials", "winners"]


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

    Scores are means over the tuning problems; those in `recheck_…` over the fresh ones on which the best few raced
    again, empty of the others. Settings that an optimizer does not have are empty, `theta` is all of a trial's as JSON;
    `chosen_for` names the metrics that chose it, between commas. Raises UserError.
    """
    parts = [_trials(record) for record in load(out).records.values() if finished(record) and record.trials]
    frame = _joined(parts, ["task", "optimizer"], ["trial", *METRICS, *_AGAIN, "chosen_for", "theta"])
    settings = [name for name in frame.columns if name not in _PLAIN]
    for name in settings:
        if frame[name].map(lambda value: isinstance(value, (str, bool, list, tuple))).any():
            frame[name] = frame[name].map(_text)
    return frame.reindex(columns=["task", "optimizer", "trial", *settings, *METRICS, *_AGAIN, "chosen_for", "theta"])


def winners(out: Any) -> pd.DataFrame:
    """One row per tuned cell and metric: the trial chosen, and its score on every set of problems.

    `tuning` is the mean over the tuning problems, `recheck` over the fresh ones of the re-check (empty without), and
    `report` over the report problems, each by the metric of the row; `best_trial` is the best of all trials on the
    tuning problems, `best_trial_low` and `best_trial_high` where the best of as many other trials would lie (95 %, see
    bench.scores.luck). Raises UserError.
    """
    rows = [
        _winner(record, metric)
        for record in load(out).records.values()
        if finished(record) and record.trials
        for metric in METRICS.values()
        if metric.name in record.trials and metric.name in record.runs
    ]
    return pd.DataFrame(rows, columns=_WINNER)


_AGAIN = [f"recheck_{name}" for name in METRICS]
_WINNER = ["task", "optimizer", "metric", "trials", "raced_again", "trial", "tuning", "recheck", "report"]
_WINNER += ["best_trial", "best_trial_low", "best_trial_high"]
_PLAIN = {"task", "optimizer", "trial", "chosen_for", "theta", *METRICS, *_AGAIN}


def _winner(record: Record, metric: Metric) -> dict[str, Any]:
    found = luck.luck(record, metric)
    columns = _trial_columns(record)
    choice = of_record(record, metric)
    trial = None if choice is None else choice.trial
    again = record.recheck.get("trial", [])
    scores = {
        "tuning": np.nan if trial is None else record.trials[metric.name][trial],
        "recheck": record.recheck[metric.name][again.index(trial)] if trial in again else np.nan,
        "report": float(np.mean(metric.score(record.runs[metric.name], record.floor))),
    }
    about = {"task": record.cell.task, "optimizer": record.cell.optimizer, "metric": metric.name}
    counts = {"trials": len(columns["trial"]), "raced_again": len(again), "trial": trial}
    best = dict(zip(_WINNER[-3:], found if found is not None else (np.nan,) * 3, strict=True))
    return {**about, **counts, **scores, **best}


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
    return _part({"task": record.cell.task, "optimizer": record.cell.optimizer}, _trial_columns(record))


def _trial_columns(record: Record) -> dict[str, Any]:
    columns = {name: list(values) for name, values in record.trials.items()}
    count = len(next(iter(columns.values())))
    tried = columns.pop("trial", list(range(count)))
    settings = [name for name in columns if name not in METRICS]
    thetas = [{name: strict(columns[name][i]) for name in settings} for i in range(count)]
    scores = {f"recheck_{name}": _spread(record.recheck, name, tried) for name in METRICS if name in columns}
    about = {"chosen_for": _chosen(record, count), "theta": list(map(json.dumps, thetas))}
    return {"trial": tried, **columns, **scores, **about}


def _spread(recheck: dict[str, list[Any]], name: str, trials: list[int]) -> list[float]:
    """A column of the re-check's table, a value a trial."""
    known = dict(zip(recheck.get("trial", []), recheck.get(name, []), strict=True))
    return [known.get(trial, np.nan) for trial in trials]


def _chosen(record: Record, count: int) -> list[str]:
    """Of each of `count` trials, the metrics that chose it."""
    names: list[list[str]] = [[] for _ in range(count)]
    for metric in METRICS.values():
        if (choice := of_record(record, metric)) is not None:
            names[choice.trial].append(metric.name)
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
