"""Who is ahead, by how much, and how sure that is: frames from stored cells. No TensorFlow, no printing.

A failed cell scores the metric's worst on every seed, so a failure never helps; a missing one is missing. Oracles, and
learned optimizers where they are foreign, are shown and not ranked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bench.records.record import Record
from bench.scores import absent, homes, intervals, luck, scale, statistics
from bench.scores.board_notes import FEWEST_TASKS, board_notes, precision_notes
from bench.scores.metrics import METRICS, Metric, get
from bench.scores.results import Results, chosen, finished, load, runs_of, scores, task_scores
from bench.scores.verdicts import verdicts

__all__ = ["curves", "leaderboard", "per_task", "verdicts"]


def leaderboard(out: Any, metric: str = "anytime", missing: str = "common") -> pd.DataFrame:
    """One row per entry, best first: score over all tasks with intervals, rank range, per-task means.

    `out` is a run's folder or several. `score` is the interquartile mean of per-task means, geometric ones of metrics
    without an upper bound; `low, high` resample problems, `low_trials, high_trials` the trials of tuning
    (bench.scores.luck), `low_tasks, high_tasks` tasks and problems (from FEWEST_TASKS on); ranks compare on these
    tasks, from FEWEST problems on. `mean, mean_low, mean_high`: the same of raw means, where they differ. `standing`
    says who competes and `trials` how many configurations each tried (bench.scores.homes). `diverged` is a share of all
    runs, with its interval. `tasks` counts finished cells, `missing` the others, `failed` those of them that raised.
    Scores are over the tasks that all who compete have run, or over all with `missing` "worst", which counts a missing
    cell as the worst there is. Raises UserError.
    """
    chosen_metric, results = get(metric), load(out)
    tasks = absent.common(results) if absent.check(missing) == "common" else results.tasks
    over, raw = replace(results, tasks=tasks), _RAW if chosen_metric.in_logs else []
    tables = scores(results, chosen_metric)
    diverged = pd.DataFrame([_diverged(results.of_optimizer(name), chosen_metric) for name in results.optimizers])
    frame = homes.about(results, tasks or results.tasks).assign(**_numbers(over, tables, chosen_metric), **diverged)
    frame = frame[[*_FRONT, *raw, *_BACK]]
    means = {task: _task_means(results, task, table, chosen_metric, missing) for task, table in tables.items()}
    frame = pd.concat([frame, pd.DataFrame(means)], axis=1)
    _silence_partial_oracles(frame, results)
    if missing == "common":
        absent.blank(frame, absent.lacking(over, tasks), [*_SCORES, *raw])
    notes = [*board_notes(chosen_metric, over, frame), *absent.note(results, tasks), *homes.note(frame)]
    board = _framed(homes.ordered(frame, chosen_metric.sign), chosen_metric, notes)
    board.attrs["tasks"] = results.tasks
    return board


def _numbers(results: Results, tables: Mapping[str, np.ndarray], metric: Metric) -> dict[str, Any]:
    """Columns of ranks and scores over the tasks of `results`; nothing but missing values without a task.

    `tables`: scores (entries, problems) of these tasks, and of others.
    """
    if not results.tasks:
        nothing = pd.array([pd.NA] * len(results.optimizers), dtype="Int64")
        return {**dict.fromkeys(_RANKS, nothing), **dict.fromkeys([*_SCORES, *_RAW], np.nan)}
    means, resampled, over_tasks, raw = _resampled({task: tables[task] for task in results.tasks}, metric)
    total, problems = statistics.iqm(means), [results.problems(task) for task in results.tasks]
    found = intervals.student(total, resampled, min(problems))
    return {
        **_ranks(total, resampled, homes.competing(results), metric, problems),
        "score": scale.shown(metric, total),
        **_bounds(scale.shown_interval(metric, found), ""),
        **_bounds(scale.shown_interval(metric, luck.of_suite(results, means, metric)), "_trials"),
        **_bounds(scale.shown_interval(metric, _over_tasks(total, over_tasks, len(means))), "_tasks"),
        **_raw(raw, min(problems)),
    }


def _task_means(results: Results, task: str, table: np.ndarray, metric: Metric, missing: str) -> np.ndarray:
    """Mean score of each entry on a task; NaN where it has no cell, unless that counts as the worst."""
    means = scale.shown(metric, scale.leveled(metric, table).mean(axis=1))
    there = np.array([(task, o) in results.records or missing == "worst" for o in results.optimizers], bool)
    return np.where(there, means, np.nan)


def per_task(out: Any, metric: str = "mean_loss") -> pd.DataFrame:
    """One row per task and entry, best first within a task, ranked within the task.

    `score`: mean over problems, geometric where a metric has no upper bound, then `mean` is the arithmetic one.
    `theta` is what tuning chose for this metric (empty: nothing was tuned), `gradients` what finding θ cost: tuning and
    meta-training, in gradient evaluations. Raises UserError.
    """
    results = load(out)
    frame = pd.concat([task_table(results, task, metric) for task in results.tasks], ignore_index=True)
    problems = [results.problems(task) for task in results.tasks]
    return _framed(frame, get(metric), precision_notes(get(metric), problems, frame))


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


_TOGETHER = 64
"""Entries that are resampled at once."""
_RANKS = ["rank", "rank_low", "rank_high"]
_SCORES = ["score", "low", "high", "low_trials", "high_trials", "low_tasks", "high_tasks"]
_RAW = ["mean", "mean_low", "mean_high"]
_MEDIAN = ["median", "median_low", "median_high"]
_FRONT = [*_RANKS, "optimizer", "kind", "standing", "trials", *_SCORES]
_BACK = ["tasks", "missing", "failed", "diverged", "diverged_low", "diverged_high", "trained_on"]


def _silence_partial_oracles(frame: pd.DataFrame, results: Results) -> None:
    """No score for an oracle that some task has no use for, over all tasks and on those; in place."""
    for row, name in enumerate(results.optimizers):
        others = [task for task in results.tasks if not results.applies(task, name)]
        if others:
            frame.loc[row, [*_SCORES, *(name for name in _RAW if name in frame), *others]] = np.nan


class _Resampled(NamedTuple):
    """What bootstraps leave of every entry, on the metric's scale."""

    means: np.ndarray
    """(tasks, entries)."""
    iqms: np.ndarray
    """Replicates of their interquartile mean: (replicates, entries)."""
    over_tasks: np.ndarray
    """The same, tasks drawn too; without replicates from fewer than FEWEST_TASKS."""
    raw: tuple[np.ndarray, np.ndarray] | None
    """The first two of scores as they are, where the metric is averaged in logarithms."""


def _resampled(tables: Mapping[str, np.ndarray], metric: Metric) -> _Resampled:
    """A few entries at a time, which moves no bit: all at once would be gigabytes for 100 tasks and 200 entries."""
    entries, parts = len(next(iter(tables.values()))), []
    for start in range(0, entries, _TOGETHER):
        some = {task: table[start : start + _TOGETHER] for task, table in tables.items()}
        parts.append(_resampled_together(some, metric))
    means, iqms, over_tasks = (np.concatenate([part[i] for part in parts], axis=1) for i in range(3))
    raws = [part.raw for part in parts if part.raw is not None]
    raw = (np.concatenate([r[0] for r in raws], axis=1), np.concatenate([r[1] for r in raws], axis=1)) if raws else None
    return _Resampled(means, iqms, over_tasks, raw)


def _resampled_together(tables: Mapping[str, np.ndarray], metric: Metric) -> _Resampled:
    on_scale = {task: scale.leveled(metric, table) for task, table in tables.items()}
    if metric.in_logs:  # the same draws for both
        on_scale = {task: np.concatenate([table, tables[task]]) for task, table in on_scale.items()}
    entries = len(next(iter(tables.values())))
    means, iqms, replicates = statistics.suite_iqms(on_scale, statistics.generator(), statistics.REPLICATES)
    over_tasks = np.empty((0, entries))
    if len(tables) >= FEWEST_TASKS:
        over_tasks = statistics.iqms_with_tasks(replicates[:, :, :entries], statistics.generator(1))
    raw = (means[:, entries:], iqms[:, entries:]) if metric.in_logs else None
    return _Resampled(means[:, :entries], iqms[:, :entries], over_tasks, raw)


def _raw(found: tuple[np.ndarray, np.ndarray] | None, problems: int) -> dict[str, np.ndarray]:
    """Columns mean, mean_low, mean_high of a metric that is averaged in logarithms."""
    if found is None:
        return {}
    means, iqms = found
    return dict(zip(_RAW, intervals.raw(statistics.iqm(means), iqms, problems), strict=True))


def _ranks(
    score: np.ndarray, resampled: np.ndarray, ranked: np.ndarray, metric: Metric, problems: Sequence[int]
) -> dict[str, Any]:
    """Columns rank, rank_low, rank_high; <NA> for entries not in `ranked`, and for all where a task has too few
    problems. Equal scores share a rank.
    """
    columns = {name: pd.array([pd.NA] * len(score), dtype="Int64") for name in _RANKS}
    if min(problems) < intervals.FEWEST:
        return columns
    merit = metric.sign * score[ranked]
    p = statistics.holm_pairs(statistics.p_values(merit, metric.sign * resampled[:, ranked], problems))
    low, high = statistics.rank_ranges(merit, p)
    columns["rank"][ranked] = 1 + (merit[None, :] > merit[:, None]).sum(axis=1)
    columns["rank_low"][ranked], columns["rank_high"][ranked] = low, high
    return columns


def _over_tasks(total: np.ndarray, drawn: np.ndarray, tasks: int) -> statistics.Interval:
    """Interval for tasks like these; none from fewer than FEWEST_TASKS."""
    if tasks < FEWEST_TASKS:
        return statistics.Interval(total, np.full_like(total, np.nan), np.full_like(total, np.nan))
    return intervals.expanded(total, drawn, tasks)


def _bounds(interval: statistics.Interval, suffix: str) -> dict[str, np.ndarray]:
    return {f"low{suffix}": interval.low, f"high{suffix}": interval.high}


def _diverged(records: Iterable[Record | None], metric: Metric) -> dict[str, float]:
    """Share of the runs of finished cells that diverged, with its interval."""
    flags = [runs_of(record, metric).diverged >= 0 for record in records if record is not None and finished(record)]
    count, of = sum(int(flag.sum()) for flag in flags), sum(flag.size for flag in flags)
    low, high = intervals.proportion(count, of)
    return {"diverged": count / of if of else np.nan, "diverged_low": low, "diverged_high": high}


def task_table(results: Results, task: str, metric_name: str) -> pd.DataFrame:
    """The rows of `per_task` for one task; an oracle that is not made for it has none."""
    metric, records = get(metric_name), results.of_task(task)
    table = task_scores(results, task, metric)
    ranked = np.array([i for i in homes.competing(results, [task]) if records[i] is not None], int)
    on_scale, problems = scale.leveled(metric, table), table.shape[1]
    replicates = statistics.resampled_means(on_scale, statistics.generator(), statistics.REPLICATES)
    means = on_scale.mean(axis=1)
    found = scale.shown_interval(metric, intervals.student(means, replicates, problems))
    diverged = pd.DataFrame([_diverged([record], metric) for record in records])
    frame = pd.DataFrame(
        {
            "task": task,
            **_ranks(means, replicates, ranked, metric, [problems]),
            "optimizer": results.optimizers,
            "kind": [results.kind(name) for name in results.optimizers],
            **homes.columns(results, [task]),
            "score": found.value,
            **_bounds(found, ""),
            **_bounds(scale.shown_interval(metric, luck.of_task(results, task, means, metric)), "_trials"),
            **dict(zip(_MEDIAN, intervals.median(table), strict=True)),
            **(_raw(_resampled({task: table}, metric).raw, problems) if metric.in_logs else {}),
            **diverged,
            "gradients": [_cost(record) for record in records],
            "theta": [_tuned(record, metric) for record in records],
        }
    )
    absent.blank(frame, [i for i, record in enumerate(records) if record is None], [*_SCORES, *_RAW, *_MEDIAN])
    made_for_it = [results.applies(task, name) for name in results.optimizers]
    frame = frame[made_for_it].reset_index(drop=True)
    return _framed(homes.ordered(frame, metric.sign), metric, precision_notes(metric, [problems], frame))


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


def _framed(frame: pd.DataFrame, metric: Metric, notes: list[str]) -> pd.DataFrame:
    frame.attrs = {"metric": metric.name, "notes": notes}
    return frame
