"""The curves of a training: a compact .csv beside the card, and a picture where asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.lookup import canvas
from bench.lookup.appearance import look
from bench.metatraining.state import State
from bench.records.files import csv_text

HEADER = (
    "iteration",
    "task",
    "meta_loss",
    "gradient_norm",
    "skipped",
    "held_out_meta_loss",
    "held_out_mean",
    "held_out_log10",
)
LONGEST = 1200
"""Rows of updates kept, evenly: < 100 kB however long a training was."""


def text(state: State, tasks: list[str]) -> str:
    """CSV: one row per update, thinned, and one per validation."""
    every = -(-len(state.curve) // LONGEST) or 1
    rows: list[Any] = [
        (int(i), tasks[int(task)], f"{loss:.6g}", f"{norm:.6g}", int(skipped), "", "", "")
        for i, task, loss, norm, skipped in state.curve[::every]
    ]
    rows += [(int(i), "", "", "", "", *(f"{value:.6g}" for value in values)) for i, *values in state.history]
    rows.sort(key=lambda row: row[0])
    return csv_text(HEADER, rows)


def plot(state: State, path: Path, tasks: list[str], name: str) -> None:
    """Meta-loss of every update and on held-out problems, their mean loss beside tuned baselines, gradient norms.

    `tasks`, `name`: of the training. Raises UserError where the picture cannot be written.
    """
    figure, panels = canvas.sheet(3, 1, (7.2, 2.3))
    above, beside, below = panels
    steps, held = [row[0] for row in state.curve], [row[0] for row in state.history]
    lines: dict[str, Any] = {}
    (lines["training, each update"],) = above.plot(steps, [row[2] for row in state.curve], color="0.7", lw=0.7)
    style: Any = {"color": "black", "marker": "o", "markersize": 3.5, "linewidth": 1.6, "zorder": 3}
    (lines["on held-out problems"],) = above.plot(held, [row[1] for row in state.history], **style)
    above.set_ylabel("meta-loss", fontsize=canvas.SMALL)
    beside.plot(held, [row[2] for row in state.history], **style)
    lines |= _baselines(beside, state, tasks)
    beside.set_ylabel(canvas.fitted("mean of loss / initial loss, held out", 1.9, canvas.SMALL), fontsize=canvas.SMALL)
    below.plot(steps, [row[3] for row in state.curve], color="0.4", lw=0.7)
    below.set_ylabel("gradient norm", fontsize=canvas.SMALL)
    for axes in panels:
        axes.set_xlabel("meta-iteration", fontsize=canvas.SMALL)
        axes.set_xlim(-0.02 * (last := max(steps + held, default=1)), 1.02 * last)
    for axes, values in ((beside, _heights(beside)), (below, [row[3] for row in state.curve])):
        if canvas.many_decades(kept := [v for v in values if v > 0], 0.7):
            axes.set_ylim(min(kept) / 1.3, max(kept) * 1.3)
            canvas.logarithmic(axes)
    missing = "" if state.baselines else "; no baselines were tuned (--no-baselines, or heavy tasks)"
    canvas.save(canvas.finish(figure, lines, f"{name} trained on {', '.join(tasks)}{missing}"), path)


def _baselines(axes: Any, state: State, tasks: list[str]) -> dict[str, Any]:
    """A level for each baseline tuned on every task: the mean over tasks of its mean loss on held-out problems."""
    known = [state.baselines[task] for task in tasks if task in state.baselines]
    found = {}
    if len(known) == len(tasks):
        for other in known[0]:
            level = sum(each[other]["mean"] for each in known) / len(known)
            its = look(other).line()
            ends = {"color": its["color"], "linestyle": its["linestyle"], "linewidth": 1.3}
            found[f"tuned {other}, {level:.3g}"] = axes.axhline(level, **ends)
    return found


def _heights(axes: Any) -> list[float]:
    return [float(y) for line in axes.lines for y in line.get_ydata()]
