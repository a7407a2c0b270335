"""Losses against steps: a panel per task, median and middle half over the problems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.lookup import canvas
from bench.records.record import Record
from bench.reports.pictures import shown
from bench.scores import grouped
from bench.scores.metrics import METRICS, Metric
from bench.scores.numbers import significant
from bench.scores.results import Results, finished, load, runs_of

LOSS = "(loss − floor) / (initial loss − floor)"
DEFAULT = "mean_loss"
TOP = 100.0
"""Where a panel ends, in initial gaps, however far runs diverge."""


def plot_curves(out: Any, path: Path | str) -> Path:
    """Write `curves` of stored results to `path`, whose ending is the format. Raises UserError."""
    return canvas.save(curves(load(out), METRICS[DEFAULT]), path)


def curves(results: Results, metric: Metric) -> Any:
    """One panel per task: the median over problems of (loss − floor) / (initial loss − floor) with its 25–75 % band.

    Runs are those tuned for `metric`. Learned entries are thick. With too many entries a panel shows its best, by
    `metric`, as themselves and the rest in gray. Raises UserError where no cell is finished.
    """
    if not any(map(finished, results.records.values())):
        raise UserError("no finished cell is left; see python -m bench leaderboard for what failed")
    count = len(results.tasks)
    own = count > 1 and len(results.optimizers) > shown.MANY
    colored = {task: shown.in_color(results, [task], metric, count) for task in results.tasks}
    figure, panels = canvas.sheet(count, panel=_size(list(colored.values()), own))
    lines: dict[str, Any] = {}
    gray = ""
    for axes, (task, named) in zip(panels, colored.items(), strict=True):
        gray = gray or shown.others(results, named)
        drawn = _panel(axes, results, task, metric, named)
        if own:
            canvas.beneath(axes, drawn)
        lines |= drawn
    for axes in panels[:: canvas.across_for(count)]:
        axes.set_ylabel(canvas.fitted(LOSS, 2.1, canvas.SMALL), fontsize=canvas.SMALL)
    best = f" (named: the {shown.NAMED} best of each panel by {metric.name}, best first)" if own else ""
    gone = f" What is above {TOP:g} times the start leaves the picture." if any(map(_leaves, panels)) else ""
    band = shown.band("25–75 %", max(map(len, colored.values())))
    said = f"Median over problems, {band}; thick: learned{gray}{best}.{gone} {shown.settings(results, metric)}."
    ordered = {name: lines[name] for name in shown.by_kind(results, lines)}
    return canvas.finish(figure, {} if own else ordered, said)


def _size(named: list[list[str]], own: bool) -> tuple[float, float]:
    """Inches of a panel; with room for a legend of its own."""
    width, height = canvas.PANEL if len(named) > 1 else canvas.WIDE
    return width, height + (max(map(canvas.height_beneath, named)) if own else 0.0)


def relative(record: Record, metric: Metric | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Recorded steps (K,), and the 25, 50 and 75 % quantiles over problems of the loss above the floor (3, K).

    As a share of the initial one, at least what float32 tells apart. A loss that is not finite counts as infinite, so
    that a quantile over many diverged runs leaves the picture.
    """
    runs = runs_of(record, metric)
    ratio = above_floor(runs.losses, record.floor)
    return runs.steps, quantiles(ratio)


def quantiles(ratios: np.ndarray) -> np.ndarray:
    """25, 50 and 75 % quantiles over problems, values that occur: (S, K) -> (3, K)."""
    return np.quantile(ratios, [0.25, 0.5, 0.75], axis=0, method="inverted_cdf")


def above_floor(losses: Any, floor: float) -> np.ndarray:
    """(loss − floor) / (initial loss − floor) of curves (…, K), at least what float32 tells apart from the floor."""
    losses = np.asarray(losses, "float64")
    with np.errstate(all="ignore"):
        resolution = np.finfo("float32").eps * abs(floor) / np.abs(losses[..., :1] - floor)
    ratio = grouped.relative(losses, floor)
    return np.where(np.isfinite(ratio), np.fmax(ratio, np.minimum(resolution, 1.0)), np.inf)


def _panel(axes: Any, results: Results, task: str, metric: Metric, named: list[str]) -> dict[str, Any]:
    """Draw a task's curves -> {optimizer drawn as itself: its line}."""
    lines, lowest, last = {}, 1.0, 1
    rest = [name for name in results.optimizers if name not in named]
    floor = 0.0
    for name in [*rest, *named]:
        record = results.records.get((task, name))
        if record is None or not finished(record):
            continue
        steps, (low, middle, high) = relative(record, metric)
        if name in named:
            style = shown.style(results, name)
            every = shown.markevery(name, steps)
            (lines[name],) = axes.plot(steps, middle, label=name, markevery=every, **style)
            faint = 0.16 if style["linewidth"] > 2 else 0.08
            if len(named) <= shown.BANDS:
                axes.fill_between(steps, low, high, color=style["color"], alpha=faint, linewidth=0, zorder=1)
            lowest = min(lowest, float(low.min()))
        else:
            axes.plot(steps, middle, label=name, **shown.plain())
            lowest = min(lowest, float(middle.min()))
        floor, last = record.floor, int(steps[-1])
    about = f"\nfloor {significant(floor, 4)}".replace("-", "−") if floor else ""
    canvas.title(axes, task)
    axes.set_title(axes.get_title(loc="left") + about, loc="left", fontsize=9.5, parse_math=False)
    axes.set_xlabel("gradient evaluations", fontsize=canvas.SMALL)
    axes.set_ylim(lowest / 2, _top(axes))
    axes.set_xlim(0, last)
    axes.locator_params(axis="x", nbins=5, integer=True)
    canvas.logarithmic(axes)
    return lines


def _top(axes: Any) -> float:
    """Just above the start, unless medians rise: then up to a hundred times it."""
    heights = [np.asarray(line.get_ydata(), float) for line in axes.lines]
    highest = max((float(np.max(y[np.isfinite(y)], initial=1)) for y in heights), default=1.0)
    return min(max(2.0, 1.5 * highest), TOP)


def _leaves(axes: Any) -> bool:
    return any(float(np.max(line.get_ydata(), initial=0.0)) > TOP for line in axes.lines)
