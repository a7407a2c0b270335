"""Score against each setting that tuning varied: a point per trial, and how good one can be at each value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.lookup import canvas
from bench.records.record import Record
from bench.reports.pictures import shown
from bench.reports.pictures.profiles import score_limits
from bench.scores.metrics import METRICS, Metric
from bench.scores.results import Results, finished
from bench.terminal import counted

BINS = 8
"""Parts of a setting's range; a line joins the best trial of each."""
MOST_PANELS = 60


def sensitivity(results: Results, metric: Metric) -> Any:
    """A panel per task and setting. Raises UserError where nothing was tuned for the metric, or for a scroll."""
    found = {(task, name): who for task in results.tasks for name, who in settings(results, task, metric).items()}
    if not found:
        raise UserError(f"no entry here was tuned for {metric.name}; see which were: python -m bench trials DIR")
    if len(found) > MOST_PANELS:
        raise UserError(
            f"{len(found)} panels, one per task and setting, are more than {MOST_PANELS}; "
            "choose with --tasks, --family or --optimizers"
        )
    figure, panels = canvas.sheet(len(found), _columns(list(found)), canvas.PANEL if len(found) > 1 else canvas.WIDE)
    lines: dict[str, Any] = {}
    for axes, ((task, setting), records) in zip(panels, found.items(), strict=True):
        named = shown.in_color(results, [task], metric, len(found))
        lines |= _panel(axes, results, setting, metric, records, named)
        canvas.title(axes, task)
    many = len(results.optimizers) > shown.MANY and len(found) > 1
    best = f"; in color: the {shown.NAMED} best of each task, gray: the others" if many else ""
    said = (
        f"A point is a trial, its score the mean over the tuning problems; a line joins the best trial of each eighth "
        f"of the range{best}. {shown.scored(metric)}. {_trials(found)}."
    )
    return canvas.finish(figure, {name: lines[name] for name in shown.by_kind(results, lines)}, said)


def _columns(panels: list[tuple[str, str]]) -> int | None:
    """A column for each setting, if every task has the same few."""
    by_task = {task: [setting for each, setting in panels if each == task] for task, _ in panels}
    first, *rest = by_task.values()
    return len(first) if len(first) <= 6 and all(held == first for held in rest) else None


def settings(results: Results, task: str, metric: Metric) -> dict[str, list[Record]]:
    """{setting: records of a task whose tuning for the metric varied it}."""
    found: dict[str, list[Record]] = {}
    for record in results.of_task(task):
        if record is not None and finished(record) and metric.name in record.trials:
            for name in record.trials:
                if name != "trial" and name not in METRICS:
                    found.setdefault(name, []).append(record)
    return dict(sorted(found.items()))


def best_of_bins(x: np.ndarray, scores: np.ndarray, metric: Metric, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x and score of the best trial between each two of `edges` (B + 1,), bins without trials left out."""
    bins = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2)
    best = [max(np.flatnonzero(bins == b), key=lambda i: metric.sign * scores[i]) for b in np.unique(bins)]
    return x[best], scores[best]


def _panel(
    axes: Any, results: Results, setting: str, metric: Metric, records: list[Record], named: list[str]
) -> dict[str, Any]:
    values = [value for record in records for value in record.trials[setting]]
    words = None if all(_is_number(value) for value in values) else sorted(map(str, set(map(str, values))))
    place = (lambda v: float(words.index(str(v)))) if words else float
    everything = np.array([place(value) for value in values])
    near_one = not words and bool(everything.min() > 0 and everything.max() < 1 and np.median(everything) > 0.5)
    if near_one:
        place, everything = (lambda value: 1 - float(value)), 1 - everything
    log = not words and canvas.many_decades(everything, 1.5)
    edges = _edges(everything, log)
    lines, drawn = {}, []
    for record in sorted(records, key=lambda r: r.cell.optimizer in named):
        name = record.cell.optimizer
        x = np.array([place(value) for value in record.trials[setting]])
        scores = np.asarray(record.trials[metric.name], float)
        scores = np.where(np.isfinite(scores), scores, metric.worst)
        drawn.append(scores)
        line = best_of_bins(x, scores, metric, edges)
        if name not in named:
            axes.plot(*line, label=name, **shown.plain())
            continue
        style = shown.style(results, name)
        points: Mapping[str, Any] = {k: style[k] for k in ("color", "marker", "markerfacecolor")}
        axes.plot(x, scores, linestyle="", **points, markersize=2.6, markeredgewidth=0.5, alpha=0.45, zorder=2)
        (lines[name],) = axes.plot(*line, label=name, **style)
    label = f"1 − {setting}, falling" if near_one else setting
    axes.set_xlabel(canvas.fitted(label, 2.5, canvas.SMALL), fontsize=canvas.SMALL, parse_math=False)
    axes.set_ylabel(f"{metric.name} ({metric.better} is better)", fontsize=canvas.SMALL)
    score_limits(axes, metric, np.concatenate(drawn))
    if words:
        axes.set_xticks(range(len(words)), [canvas.fitted(word, 0.8, canvas.TINY) for word in words])
    if log:
        axes.set_xlim(edges[0] / 1.2, edges[-1] * 1.2)
        canvas.logarithmic(axes, "x")
    if near_one:
        axes.invert_xaxis()
    return lines


def _edges(values: np.ndarray, log: bool) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    return np.geomspace(low, high, BINS + 1) if log else np.linspace(low, max(high, low + 1e-12), BINS + 1)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_)) and np.isfinite(value)


def _trials(found: Mapping[Any, list[Record]]) -> str:
    records = [record for held in found.values() for record in held]
    trials = shown.span(len(record.trials["trial"]) for record in records)
    seeds = shown.span(r.cell.budget.tuning_seeds for r in records)
    return f"{counted(trials, 'trial')} on {counted(seeds, 'tuning problem')} a task"
