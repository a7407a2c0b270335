"""Boards and curves by task, by family or by tag."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bench.errors import UserError
from bench.scores import measured
from bench.scores.choose import groups, narrow
from bench.scores.leaderboard import per_task
from bench.scores.metrics import LOG_FLOOR, METRICS
from bench.scores.results import Results, finished, load, runs_of


def boards(
    out: Any, metric: str = "anytime", by: str = "family", missing: str = "common", better: str | None = None
) -> pd.DataFrame:
    """A board a group, below each other, the group in the first column: `per_task` by task, else `board` of each.

    Of a measure that tuning does not select by, `board` by task too. Raises UserError.
    """
    results = load(out)
    if by == "task" and metric in METRICS:
        return per_task(results, metric)
    parts = []
    for group, tasks in _groups(results, by).items():
        board = measured.board(narrow(results, tasks), metric, missing, better)
        parts.append(board.drop(columns=tasks).assign(**{by: group}))
        attrs = board.attrs
    frame = pd.concat(parts, ignore_index=True)
    frame = frame[[by, *(name for name in frame.columns if name != by)]]
    first, *notes = attrs["notes"]
    notes = [note for note in notes if not note.startswith("Score: ")]
    frame.attrs = {**attrs, "tasks": [], "notes": [first, f"Each {by} is a board of its own, ranked within.", *notes]}
    return frame


def quantile_curves(out: Any, by: str = "task") -> pd.DataFrame:
    """Curves of groups: by, optimizer, step, low, median, high, runs; 25, 50 and 75 % of all runs of the group.

    Of (loss − floor) / (initial loss − floor), each task's runs weighing the same whatever their number, at the
    steps that all tasks of the group recorded. A loss that is not finite counts as infinite. Raises UserError.
    """
    results = load(out)
    parts = []
    for group, tasks in _groups(results, by).items():
        for optimizer in results.optimizers:
            found = [results.records.get((task, optimizer)) for task in tasks]
            curves = [_gaps(record) for record in found if record is not None and finished(record)]
            if curves:
                parts.append(_quantiles(curves).assign(**{by: group, "optimizer": optimizer}))
    if not parts:
        raise UserError("no finished cell is left; see python -m bench leaderboard for what failed")
    return pd.concat(parts, ignore_index=True)[[by, "optimizer", "step", "low", "median", "high", "runs"]]


def relative(losses: np.ndarray, floor: float) -> np.ndarray:
    """(loss − floor) / (initial loss − floor) of curves (…, K), at least LOG_FLOOR; infinite where it is no number.

    1 from a start at the floor.
    """
    gap = np.asarray(losses, "float64") - floor
    with np.errstate(all="ignore"):
        ratio = gap / gap[..., :1]
    return np.where(np.isfinite(ratio) & (gap[..., :1] > 0), np.maximum(ratio, LOG_FLOOR), np.inf)


def _groups(results: Results, by: str) -> dict[str, list[str]]:
    found = groups(results.tasks, by)
    if not found:
        raise UserError(f"no task here has a {by}; give the file of your own tasks with --import, or leave out --by")
    return found


def _gaps(record: Any) -> tuple[np.ndarray, np.ndarray]:
    runs = runs_of(record, None)
    return np.asarray(runs.steps), relative(runs.losses, record.floor)


def _quantiles(curves: list[tuple[np.ndarray, np.ndarray]]) -> pd.DataFrame:
    steps = curves[0][0]
    for others, _ in curves[1:]:
        steps = np.intersect1d(steps, others)
    values = np.concatenate([gaps[:, np.isin(own, steps)] for own, gaps in curves])
    weights = np.concatenate([np.full(len(gaps), 1 / len(gaps)) for _, gaps in curves])
    low, middle, high = (weighted_quantile(values, weights, share) for share in (0.25, 0.5, 0.75))
    return pd.DataFrame({"step": steps, "low": low, "median": middle, "high": high, "runs": len(values)})


def weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float) -> np.ndarray:
    """The lowest value (…,) with at least `share` of the weight (n,) of values (n, …) at or below it."""
    order = np.argsort(values, axis=0, kind="stable")
    reached = np.cumsum(weights[order], axis=0) / weights.sum()
    first = (reached >= share - 1e-12).argmax(axis=0)
    return np.take_along_axis(np.take_along_axis(values, order, axis=0), first[None], axis=0)[0]
