"""The curves of a training: a compact .csv beside the card, and a picture where asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.errors import UserError
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


def plot(state: State, path: Path) -> None:
    """Meta-loss of every update and on held-out problems, gradient norm below; raises UserError."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 5), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True)
    steps = [row[0] for row in state.curve]
    above.plot(steps, [row[2] for row in state.curve], color="0.7", lw=0.7, label="training")
    above.plot([row[0] for row in state.history], [row[1] for row in state.history], "o-", ms=3, label="held out")
    above.set(ylabel="meta-loss")
    above.legend(frameon=False)
    below.semilogy(steps, [row[3] for row in state.curve], color="0.4", lw=0.7)
    below.set(xlabel="meta-iteration", ylabel="gradient norm")
    try:
        figure.savefig(path, dpi=120)
    except (OSError, ValueError) as problem:
        raise UserError(f"cannot write {path}: {problem}; choose another --plot") from None
