"""Where a score comes from, in lines: targets reached by step, scores by share of runs, score by number of trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.lookup import canvas
from bench.reports.pictures import shown
from bench.scores import profiles
from bench.scores.measures import Scored
from bench.scores.metrics import METRICS, N_TARGETS, Metric
from bench.scores.profiles import TrialCurve
from bench.scores.results import Results
from bench.terminal import counted

TARGETS = "anytime"
"""The metric whose targets `ecdf` counts."""


def ecdf(results: Results, metric: Metric) -> Any:
    """Share of (problem, target) pairs reached by each step, on a logarithmic axis of steps + 1.

    Raises UserError for a metric other than TARGETS.
    """
    if metric.name != TARGETS:
        raise UserError(f"ecdf counts the targets of {TARGETS}, not {metric.name}; leave out --metric, or take profile")
    found = profiles.ecdf(results)
    figure, (axes,) = canvas.sheet(1, panel=canvas.WIDE)
    lines = _lines(axes, results, METRICS[TARGETS], found.x + 1.0, found.lines, log=True)
    axes.set_xlim(1, 1.05 * (found.x[-1] + 1))
    canvas.logarithmic(axes, "x")
    _share(axes, "gradient evaluations + 1 (log scale)", "share of (problem, target) pairs reached")
    said = f"{N_TARGETS} targets a problem, down to 10⁻⁶ of its initial gap to the floor; {_means(results)}"
    return canvas.finish(figure, lines, f"{said}{_rest(results, lines)}. {shown.settings(results, metric)}.")


def profile(results: Results, metric: Scored) -> Any:
    """Share of runs that score at least, or at most where lower is better, what the horizontal axis says."""
    found = profiles.profile(results, metric)
    figure, (axes,) = canvas.sheet(1, panel=canvas.WIDE)
    lines = _lines(axes, results, metric, found.x, found.lines)
    least = "at least" if metric.better == "higher" else "at most"
    if metric.sign < 0:
        axes.invert_xaxis()
    if metric.sign < 0 and canvas.many_decades(found.x):
        canvas.logarithmic(axes, "x")
    _share(axes, f"score x by {metric.name} ({metric.better} is better, so further right)", f"share of runs {least} x")
    said = f"{shown.scored(metric)}. Every line: {_means(results)}{_rest(results, lines)}"
    return canvas.finish(figure, lines, f"{said}. {shown.settings(results, metric)}.")


def budget(results: Results, metric: Metric) -> Any:
    """A panel per task: the score of the best of k trials on the tuning problems against k, of one set of trials.

    Raises UserError where no entry was tuned for the metric.
    """
    curves = {task: profiles.trial_curves(results, task, metric) for task in results.tasks}
    tuned = [task for task, found in curves.items() if found]
    if not tuned:
        raise UserError(f"no entry here was tuned for {metric.name}{_tuned_for(results)}")
    figure, panels = canvas.sheet(len(tuned), panel=canvas.PANEL if len(tuned) > 1 else canvas.WIDE)
    lines: dict[str, Any] = {}
    most = 0
    for axes, task in zip(panels, tuned, strict=True):
        named = shown.in_color(results, [task], metric, len(tuned))
        lines |= _trials(axes, results, task, metric, curves[task], named)
        most = max(most, len(named))
    missing = sorted(set(results.optimizers) - {name for found in curves.values() for name in found})
    without = f" Not tuned, so not here: {', '.join(missing)}." if missing else ""
    band = shown.band("25–75 %", most)
    several = len(results.optimizers) > (shown.MANY if len(tuned) > 1 else shown.MOST)
    best = f"; in color: the {shown.NAMED} best of each panel that were tuned, gray: the others" if several else ""
    said = (
        f"Score on the tuning problems of the best of k trials, all k from the same trials: median over the ways to "
        f"draw k, {band}{best}. {shown.scored(metric)}. {_spent(results)}.{without}"
    )
    return canvas.finish(figure, {name: lines[name] for name in shown.by_kind(results, lines)}, said)


def _trials(
    axes: Any, results: Results, task: str, metric: Metric, found: Mapping[str, TrialCurve], named: list[str]
) -> dict[str, Any]:
    lines, values, most = {}, [], 1
    for name in sorted(found, key=lambda name: name in named):
        curve = found[name]
        if name in named:
            style = shown.style(results, name)
            (lines[name],) = axes.plot(curve.k, curve.median, label=name, **style)
            if len(named) <= shown.BANDS:
                axes.fill_between(
                    curve.k, curve.low, curve.high, color=style["color"], alpha=0.1, linewidth=0, zorder=1
                )
        else:
            axes.plot(curve.k, curve.median, label=name, **shown.plain())
        values += [curve.low, curve.high]
        most = max(most, int(curve.k[-1]))
    canvas.title(axes, task)
    axes.set_xlabel("tuning trials k", fontsize=canvas.SMALL)
    axes.set_ylabel(f"{metric.name} of the best of k", fontsize=canvas.SMALL)
    score_limits(axes, metric, np.concatenate(values))
    axes.set_xscale("log", base=2)
    ticks = [2**i for i in range(most.bit_length()) if 2**i <= most]
    axes.set_xticks(ticks[:: -(-len(ticks) // 6)], [str(k) for k in ticks[:: -(-len(ticks) // 6)]])
    axes.set_xlim(0.9, 1.1 * most)
    axes.minorticks_off()
    return lines


def score_limits(axes: Any, metric: Scored, values: np.ndarray, which: str = "y") -> None:
    """Limits around finite scores with a margin; logarithmic where lower is better and they reach over decades."""
    kept = values[np.isfinite(values)]
    low, high = float(kept.min()), float(kept.max())
    if metric.sign < 0 and canvas.many_decades(kept):
        reach = max((high / low) ** 0.05, 1.1)
        getattr(axes, f"set_{which}lim")(low / reach, high * reach)
        canvas.logarithmic(axes, which)
        return
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
    getattr(axes, f"set_{which}lim")(low - margin, high + margin)


def _lines(
    axes: Any, results: Results, metric: Scored, x: np.ndarray, found: Mapping[str, np.ndarray], log: bool = False
) -> dict[str, Any]:
    """Draw lines over one axis -> {optimizer drawn as itself: its line}, learned ones first."""
    named = [name for name in shown.in_color(results, results.tasks, metric) if name in found]
    steps = "steps-post" if log else "default"
    for name in found:
        if name not in named:
            axes.plot(x, found[name], label=name, **shown.plain(), drawstyle=steps)
    drawn = {}
    for name in named:
        every = shown.markevery(name, x, log=log)
        style = shown.style(results, name)
        (drawn[name],) = axes.plot(x, found[name], label=name, markevery=every, **style, drawstyle=steps)
    return drawn


def _share(axes: Any, x: str, y: str) -> None:
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel(x, fontsize=canvas.SMALL)
    axes.set_ylabel(y, fontsize=canvas.SMALL)


def _rest(results: Results, lines: Mapping[str, Any]) -> str:
    return shown.others(results, list(lines)) if len(results.optimizers) > shown.MOST else ""


def _means(results: Results) -> str:
    count = len(results.tasks)
    return (
        "one task, mean over its problems; no band"
        if count == 1
        else f"mean over {count} tasks of equal weight; no band"
    )


def _tuned_for(results: Results) -> str:
    known = sorted({name for r in results.records.values() for name in r.trials if name in METRICS})
    return f"; --metric may be {', '.join(known)}" if known else ": nothing was tuned"


def _spent(results: Results) -> str:
    tuned = [r for r in results.records.values() if r.trials]
    trials = shown.span(r.cell.budget.trials for r in tuned)
    seeds = shown.span(r.cell.budget.tuning_seeds for r in tuned)
    return f"{counted(trials, 'trial')} on {counted(seeds, 'tuning problem')} a task"
