"""The table as a dot plot: measured numbers, their rounds and their targets on a log axis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.lookup.appearance import COLORS
from bench.speed.rows import Ratio
from bench.speed.table import shown

_STYLES: tuple[dict[str, Any], ...] = (
    {"marker": "o", "color": COLORS[0]},
    {"marker": "D", "color": COLORS[1], "markerfacecolor": "white"},
    {"marker": "o", "color": COLORS[7]},
)
_HELD, _SHORT, _FREE = _STYLES
"""Held: filled circle; short of the target: open diamond; nothing promised: gray. Told apart without color."""


def draw(rows: Sequence[Ratio], path: Path) -> None:
    """Two panels: how many times as fast as each peer, and what should be small; a row without a number says so."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    groups = [
        ("times as fast as the peer, log scale (right is better)", [r for r in rows if r.unit == "×"]),
        ("measured, log scale (left is better)", [r for r in rows if r.unit != "×"]),
    ]
    groups = [(label, group) for label, group in groups if group]
    heights = [len(group) + 2 for _, group in groups]
    figure = Figure(figsize=(8.5, 0.26 * sum(heights) + 0.9), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(groups), 1, height_ratios=heights, squeeze=False)[:, 0]
    for panel, (label, group) in zip(panels, groups, strict=True):
        _panel(panel, group, label)
    figure.legend(handles=_legend(), loc="outside upper center", ncols=4, frameon=False, fontsize=8)
    figure.savefig(path, dpi=150)


def _panel(panel, rows: Sequence[Ratio], label: str) -> None:
    for y, row in enumerate(rows):
        if row.rounds:
            ends = [min(row.rounds), max(row.rounds)]
            panel.plot(ends, [y, y], color="0.6", linewidth=3, zorder=2)
            panel.plot([row.number], [y], linestyle="", markersize=6, zorder=4, **_style(row))
        if row.target:
            panel.plot([row.target.value], [y], marker="|", markersize=13, mew=2, color="black", zorder=3)
        panel.annotate(
            shown(row) or "not measured",
            (1.0, y),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
        )
    panel.set_yticks(range(len(rows)), [f"{row.work}  vs  {row.against}" for row in rows], fontsize=7)
    panel.set(xscale="log", ylim=(len(rows) - 0.5, -0.5))
    panel.set_xlabel(label, fontsize=8)
    panel.tick_params(axis="x", which="both", labelsize=7)
    panel.xaxis.set_major_formatter(lambda value, _: f"{value:g}" if value < 1e6 else f"{value:.0e}")
    low, high = panel.get_xlim()
    few = high / low < 100
    panel.xaxis.set_minor_formatter(lambda value, _: f"{value:.2g}" if few else "")
    panel.grid(axis="both", color="0.92", linewidth=0.6, zorder=0)
    panel.axvline(1.0, color="0.5", linewidth=0.8, zorder=1)
    panel.spines[["top", "right"]].set_visible(False)


def _style(row: Ratio) -> dict:
    return {True: _HELD, False: _SHORT, None: _FREE}[row.held]


def _legend() -> list:
    from matplotlib.lines import Line2D

    named = ((_HELD, "target holds"), (_SHORT, "short of it"), (_FREE, "nothing promised"))
    marks = [Line2D([], [], linestyle="", label=label, **style) for style, label in named]
    target = Line2D([], [], linestyle="", marker="|", markersize=12, mew=2, color="black")
    target.set_label("target")
    return [*marks, target]
