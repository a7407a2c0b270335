"""Optimizers as rows, the best on top: how their scores spread over problems, and how sure their ranks are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bench.errors import UserError
from bench.lookup import canvas
from bench.reports.pictures import shown
from bench.reports.pictures.profiles import score_limits
from bench.scores.intervals import FEWEST
from bench.scores.measured import board as board_of
from bench.scores.measures import Scored
from bench.scores.results import Results, finished, task_scores

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
ROW = 0.2
"""Inches."""


def box(results: Results, metric: Scored) -> Any:
    """A panel per task: quartiles and median of scores over problems, whiskers of 5 and 95 %, a row an optimizer.

    The same rows in every panel, in the order of the mean score over all tasks.
    """
    order = _order(results, metric)
    columns = canvas.across_for(len(results.tasks))
    names = canvas.widest(order)
    panel = (2.6 + names / columns, ROW * len(order) + 0.85)
    figure, panels = canvas.sheet(len(results.tasks), panel=panel)
    for i, (axes, task) in enumerate(zip(panels, results.tasks, strict=True)):
        values = _boxes(axes, results, task, metric, order)
        canvas.title(axes, task, 2.4)
        axes.set_xlabel(f"{metric.name} ({metric.better} is better)", fontsize=canvas.SMALL)
        if np.isfinite(values).any():
            score_limits(axes, metric, values, "x")
        canvas.rows_of(axes, order)
        if i % columns:
            axes.set_yticklabels([])
    said = (
        f"Scores over problems: box 25–75 %, marker the median, whiskers 5–95 %. {shown.scored(metric)}; each panel "
        f"has a scale of its own.{_never(metric)} Rows by the mean over all tasks. {shown.settings(results, metric)}."
    )
    return canvas.finish(figure, {}, said)


def _order(results: Results, metric: Scored) -> list[str]:
    """All optimizers, best first; then those that failed somewhere, then oracles."""
    first = shown.ranked(results, results.tasks, metric)
    return [*first, *sorted(set(results.optimizers) - set(first), key=lambda n: (results.kind(n) == "oracle", n))]


def _never(metric: Scored) -> str:
    return " What is not drawn is never." if np.isinf(metric.worst) else ""


def _boxes(axes: Any, results: Results, task: str, metric: Scored, order: list[str]) -> np.ndarray:
    """Draw a task's rows -> every number drawn."""
    drawn = []
    table = task_scores(results, task, metric)
    for y, name in enumerate(order):
        record, scores = results.records.get((task, name)), table[results.optimizers.index(name)]
        if record is None or not finished(record) or np.isnan(scores).any():
            word = "not run" if record is None else "no number" if finished(record) else "failed"
            if record is not None or results.applies(task, name):
                axes.annotate(
                    word,
                    (0.5, y),
                    xycoords=("axes fraction", "data"),
                    ha="center",
                    va="center",
                    fontsize=canvas.TINY,
                    color="0.35",
                )
            continue
        five = np.quantile(scores, QUANTILES, method="inverted_cdf")
        five = np.where(np.isfinite(five), five, np.nan)
        style = shown.style(results, name)
        axes.plot(five[[0, 4]], [y, y], color=style["color"], linestyle=style["linestyle"], linewidth=1.1, zorder=2)
        width = np.fmax(five[3] - five[1], 0.0)
        axes.barh(
            y, width, left=five[1], height=0.62, facecolor="white", edgecolor=style["color"], linewidth=1.2, zorder=3
        )
        axes.plot(five[2], y, linestyle="", **_point(style), markersize=5, zorder=5)
        drawn.append(five)
    return np.concatenate(drawn) if drawn else np.array([])


def ranks(results: Results, metric: Scored) -> Any:
    """A row per ranked optimizer: its rank over all tasks, the ranks that it may have, and its rank on every task."""
    board = board_of(results, metric.name, better=metric.better)
    unranked = board[board["rank"].isna()]["optimizer"].tolist()
    board = board[board["rank"].notna()].reset_index(drop=True)
    if not len(board):
        raise UserError(
            f"nobody here has a rank: ranks need {FEWEST} problems a task and a task that all who compete have "
            "run; see the notes of python -m bench leaderboard"
        )
    names = board["optimizer"].tolist()
    width = 4.2 + canvas.widest(names)
    figure, (axes,) = canvas.sheet(1, panel=(width, ROW * len(names) + 0.9))
    on_tasks = _ranks_on_tasks(board, results.tasks, metric)
    for y, row in enumerate(board.to_dict("records")):
        style = shown.style(results, row["optimizer"])
        axes.plot([row["rank_low"], row["rank_high"]], [y, y], color=style["color"], linewidth=5, alpha=0.35, zorder=2)
        if len(results.tasks) > 1:
            _each_task(axes, on_tasks[y], y)
        axes.plot(row["rank"], y, linestyle="", **_point(style), markersize=7, zorder=3)
    canvas.rows_of(axes, names)
    axes.set_xlim(0.4, len(names) + 0.6)
    step = 1 if len(names) <= 12 else 5
    axes.set_xticks(sorted({1, *range(step, len(names) + 1, step)}))
    axes.set_xlabel("rank (1 is best)", fontsize=canvas.SMALL)
    several = len(results.tasks) > 1
    over = f"over {len(results.tasks)} tasks" if several else f"on {results.tasks[0]}"
    without = f" Not ranked here: {', '.join(unranked)}." if unranked else ""
    each = "; gray circles: ranks on single tasks, area by how many tasks" if several else ""
    said = (
        f"Marker: rank {over} by the board's score; bar: ranks of those it does not differ "
        f"from (paired test over problems, Holm's correction, 5 %){each}. {shown.scored(metric)}. "
        f"{shown.settings(results, metric)}.{without}"
    )
    return canvas.finish(figure, {}, said)


def _point(style: dict[str, Any]) -> dict[str, Any]:
    return {name: style[name] for name in ("color", "marker", "markerfacecolor")}


def _ranks_on_tasks(board: pd.DataFrame, tasks: list[str], metric: Scored) -> np.ndarray:
    """(optimizers, tasks): one more than how many have a better mean score there; 0 where one has no cell."""
    means = metric.sign * board[tasks].to_numpy(float)
    return np.where(np.isnan(means), 0, 1 + (means[None, :, :] > means[:, None, :]).sum(axis=1))


def _each_task(axes: Any, places: np.ndarray, y: int) -> None:
    at, counts = np.unique(places[places > 0], return_counts=True)
    sizes = 10 + 90 * counts / len(places)
    axes.scatter(at, np.full(len(at), y), sizes, facecolor="none", edgecolors="0.45", linewidths=0.8, zorder=4)
