"""Who is ahead, by how much, and how sure that is: frames from stored cells. No TensorFlow, no printing.

A failed cell scores the metric's worst on every seed, so a failure never helps; a missing one is missing. Oracles, and
learned optimizers where they are foreign, are shown and not ranked.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bench.records.record import Record
from bench.scores import absent, homes, statistics
from bench.scores.metrics import METRICS, Metric, get
from bench.scores.numbers import number
from bench.scores.results import Results, chosen, finished, load, runs_of, scores, task_scores
from bench.scores.verdicts import verdicts
from optimizers import disclosures

__all__ = ["curves", "leaderboard", "per_task", "verdicts"]


def leaderboard(out: Any, metric: str = "anytime", missing: str = "common") -> pd.DataFrame:
    """One row per entry, best first: score over all tasks with intervals, rank range, per-task means.

    `out` is a run's folder or several. `score` is the interquartile mean of per-task means; `low, high` resample seeds,
    `low_tasks, high_tasks` tasks and seeds; ranks compare on these tasks. `standing` says who competes and `trials` how
    many configurations each tried (bench.scores.homes). `tasks` counts finished cells, `missing` the others, `failed`
    those of them that raised. Scores are over the tasks that all who compete have run, or over all with `missing`
    "worst", which counts a missing cell as the worst there is. Raises UserError.
    """
    chosen_metric, results = get(metric), load(out)
    tasks = absent.common(results) if absent.check(missing) == "common" else results.tasks
    over = results._replace(tasks=tasks)
    frame = pd.DataFrame([_describe(results, name, chosen_metric) for name in results.optimizers])
    frame = frame.assign(**_numbers(over, chosen_metric), **homes.columns(results, tasks or results.tasks))[
        [*_FRONT, *_BACK]
    ]
    means = {task: _task_means(results, task, chosen_metric, missing) for task in results.tasks}
    frame = pd.concat([frame, pd.DataFrame(means)], axis=1)
    _silence_partial_oracles(frame, results)
    if missing == "common":
        absent.blank(frame, absent.lacking(over, tasks), _SCORES)
    notes = [*_notes(chosen_metric, over), *absent.note(results, tasks), *homes.note(frame)]
    board = _sorted(frame, chosen_metric, notes)
    board.attrs["tasks"] = results.tasks
    return board


def _numbers(results: Results, metric: Metric) -> dict[str, Any]:
    """Columns of ranks and scores over the tasks of `results`; nothing but missing values without a task."""
    if not results.tasks:
        nothing = pd.array([pd.NA] * len(results.optimizers), dtype="Int64")
        return {**dict.fromkeys(_RANKS, nothing), **dict.fromkeys(_SCORES, np.nan)}
    ranked = homes.competing(results)
    means, resampled, replicates = statistics.suite_iqms(
        scores(results, metric), statistics.generator(), statistics.replicates_for(len(ranked))
    )
    total = statistics.iqm(means)
    return {
        **_ranks(total, resampled, ranked, metric, sum(map(results.problems, results.tasks))),
        "score": total,
        **_bounds(statistics.interval(total, resampled), ""),
        **_bounds(_over_tasks(total, replicates), "_tasks"),
    }


def _task_means(results: Results, task: str, metric: Metric, missing: str) -> np.ndarray:
    """Mean score of each entry on a task; NaN where it has no cell, unless that counts as the worst."""
    means = task_scores(results, task, metric).mean(axis=1)
    there = np.array([(task, o) in results.records or missing == "worst" for o in results.optimizers], bool)
    return np.where(there, means, np.nan)


def per_task(out: Any, metric: str = "mean_loss") -> pd.DataFrame:
    """One row per task and entry, best first within a task, ranked within the task.

    `theta` is what tuning chose for this metric (empty: nothing was tuned), `gradients` what finding θ cost: tuning and
    meta-training, in gradient evaluations. Raises UserError.
    """
    results = load(out)
    parts = [task_table(results, task, metric) for task in results.tasks]
    return _framed(pd.concat(parts, ignore_index=True), get(metric), [])


def curves(out: Any, tuned_for: str | None = None) -> pd.DataFrame:
    """Recorded losses, tidy: task, optimizer, seed, step, loss; of θ tuned for the mean loss unless told otherwise."""
    metric = get(tuned_for) if tuned_for not in (None, "default") else None
    parts = []
    for (task, optimizer), record in load(out).records.items():
        if finished(record):
            runs = record.runs["default"] if tuned_for == "default" else runs_of(record, metric)
            seeds, points = runs.losses.shape
            columns = {
                "seed": np.repeat(np.arange(seeds), points),
                "step": np.tile(runs.steps, seeds),
                "loss": runs.losses.reshape(-1),
            }
            parts.append(pd.DataFrame({"task": task, "optimizer": optimizer, **columns}))
    empty = pd.DataFrame(columns=["task", "optimizer", "seed", "step", "loss"])
    return pd.concat(parts, ignore_index=True) if parts else empty


_RANKS = ["rank", "rank_low", "rank_high"]
_SCORES = ["score", "low", "high", "low_tasks", "high_tasks"]
_FRONT = [*_RANKS, "optimizer", "kind", "standing", "trials", *_SCORES]
_BACK = ["tasks", "missing", "failed", "diverged", "trained_on"]


def _silence_partial_oracles(frame: pd.DataFrame, results: Results) -> None:
    """No score for an oracle that some task has no use for, over all tasks and on those; in place."""
    for row, name in enumerate(results.optimizers):
        others = [task for task in results.tasks if not results.applies(task, name)]
        if others:
            frame.loc[row, [*_SCORES, *others]] = np.nan
            frame.loc[row, "missing"] -= len(others)


def _ranks(score: np.ndarray, resampled: np.ndarray, ranked: np.ndarray, metric: Metric, seeds: int) -> dict[str, Any]:
    """Columns rank, rank_low, rank_high; <NA> for entries not in `ranked`. Equal scores share a rank."""
    merit = metric.sign * score[ranked]
    p = statistics.holm_pairs(statistics.p_values(resampled[:, ranked], seeds))
    low, high = statistics.rank_ranges(merit, p)
    place = 1 + (merit[None, :] > merit[:, None]).sum(axis=1)
    columns = {}
    for name, values in (("rank", place), ("rank_low", low), ("rank_high", high)):
        column = pd.array([pd.NA] * len(score), dtype="Int64")
        column[ranked] = values
        columns[name] = column
    return columns


def _over_tasks(total: np.ndarray, replicates: np.ndarray) -> statistics.Interval:
    """Interval for tasks like these; none from a single task."""
    if replicates.shape[1] < 2:
        return statistics.Interval(total, np.full_like(total, np.nan), np.full_like(total, np.nan))
    drawn = statistics.with_tasks(replicates, statistics.generator(1))
    return statistics.interval(total, statistics.iqm(drawn, axis=1))


def _bounds(interval: statistics.Interval, suffix: str) -> dict[str, np.ndarray]:
    return {f"low{suffix}": interval.low, f"high{suffix}": interval.high}


def _describe(results: Results, optimizer: str, metric: Metric) -> dict[str, Any]:
    records = results.of_optimizer(optimizer)
    done = [record for record in records if finished(record)]
    flags = [runs_of(record, metric).diverged >= 0 for record in done]
    return {
        "optimizer": optimizer,
        "kind": records[0].kind,
        "tasks": len(done),
        "missing": len(results.tasks) - len(done),
        "failed": len(records) - len(done),
        "diverged": float(np.concatenate(flags).mean()) if flags else np.nan,
        "trained_on": ", ".join(map(str, records[0].discloses.get("trained_on", ()))),
    }


def _notes(metric: Metric, results: Results) -> list[str]:
    notes = [
        f"{metric.name}: {metric.summary}; {metric.better} is better.",
        f"Score: interquartile mean over {len(results.tasks)} task(s); "
        "95 % intervals over seeds, then (other tasks) over tasks too.",
        "Optimizers that do not differ significantly (paired test, Holm's correction, 5 %) share a rank range.",
    ]
    expected = sum(results.applies(t, o) for t in results.tasks for o in results.optimizers)
    if any(results.kind(name) == "oracle" for name in results.optimizers):
        notes.append("Oracles are ceilings on the tasks they are made for; they are not ranked.")
    said: dict[str, list[str]] = {}
    for name in results.optimizers:
        record = results.of_optimizer(name)[0]
        if record.kind != "oracle" or "sees_loss" not in record.discloses:
            for words in disclosures.words(record.discloses):
                said.setdefault(words, []).append(name)
    notes += [f"{', '.join(names)}: {words}." for words, names in said.items()]
    notes += [str(fault) for fault in results.faults]
    there = [results.records.get((t, o)) for t in results.tasks for o in results.optimizers]
    if sum(record is not None for record in there) < expected or not all(finished(r) for r in there if r is not None):
        notes.append(f"Failed and missing cells score the worst there is, {number(metric.worst)}.")
    return notes


def task_table(results: Results, task: str, metric_name: str) -> pd.DataFrame:
    """The rows of `per_task` for one task; an oracle that is not made for it has none."""
    metric = get(metric_name)
    table = task_scores(results, task, metric)
    records = results.of_task(task)
    ranked = np.array([i for i in homes.competing(results, [task]) if records[i] is not None], int)
    replicates = statistics.resampled_means(table, statistics.generator(), statistics.replicates_for(len(ranked)))
    means = table.mean(axis=1)
    bounds = _bounds(statistics.interval(means, replicates), "")
    ranks = _ranks(means, replicates, ranked, metric, table.shape[1])
    frame = pd.DataFrame(
        {
            "task": task,
            **ranks,
            "optimizer": results.optimizers,
            "kind": [results.kind(name) for name in results.optimizers],
            **homes.columns(results, [task]),
            "score": means,
            **bounds,
            "gradients": [_cost(record) for record in records],
            "theta": [_tuned(record, metric) for record in records],
        }
    )
    absent.blank(frame, [i for i, record in enumerate(records) if record is None], _SCORES)
    made_for_it = [results.applies(task, name) for name in results.optimizers]
    return _sorted(frame[made_for_it].reset_index(drop=True), metric, [])


def _cost(record: Record | None) -> float:
    if record is None or not finished(record):
        return np.nan
    ledger = record.ledger
    return ledger.get("gradients_tuning", 0.0) + ledger.get("gradients_metatraining", 0.0)


def _tuned(record: Record | None, metric: Metric) -> dict[str, Any]:
    """The settings that tuning chose for `metric`."""
    if record is None or not finished(record):
        return {}
    swept = [name for name in record.trials if name != "trial" and name not in METRICS]
    theta = record.thetas.get(chosen(record, metric), {})
    return {name: theta[name] for name in swept if name in theta}


def _sorted(frame: pd.DataFrame, metric: Metric, notes: list[str]) -> pd.DataFrame:
    """Entries that compete, best first, then the others; equals by name."""
    keys = pd.DataFrame(
        {"out": homes.places(frame["standing"]), "merit": -metric.sign * frame["score"], "name": frame["optimizer"]}
    )
    order = keys.sort_values(["out", "merit", "name"], kind="stable").index
    return _framed(frame.loc[order].reset_index(drop=True), metric, notes)


def _framed(frame: pd.DataFrame, metric: Metric, notes: list[str]) -> pd.DataFrame:
    frame.attrs = {"metric": metric.name, "notes": notes}
    return frame
