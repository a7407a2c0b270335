"""The table as a dot plot: measured numbers, their rounds and their targets on a log axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.lookup import canvas
from bench.lookup.appearance import COLORS
from bench.speed.rows import Ratio
from bench.speed.table import shown

ROW = 0.24
"""Inches."""
_STYLES: tuple[dict[str, Any], ...] = (
    {"marker": "o", "color": COLORS[0]},
    {"marker": "D", "color": COLORS[1], "markerfacecolor": "white"},
    {"marker": "o", "color": COLORS[7]},
)
_HELD, _SHORT, _FREE = _STYLES
"""Target met: filled circle; missed: open diamond; no target: gray. Told apart without color."""


_AXES: tuple[tuple[str, str, bool], ...] = (
    ("×", "times as fast as the peer (right is better)", True),
    ("× bound", "times the seconds that this core's peak allows (left is better)", True),
    ("× cost", "times the seconds without it (left is better)", True),
    ("exponent", "exponent: seconds grow by this power of the work (left is better)", False),
    ("s", "seconds (left is better)", True),
)
"""Unit, what its axis says, and whether it is logarithmic: numbers of different units do not share an axis."""


def draw(rows: Sequence[Ratio], path: Path) -> None:
    """A panel per unit: how many times as fast as each peer, then what should be small; a row without a number says so.

    Raises UserError if `path` cannot be written.
    """
    labels = {unit: (label, log) for unit, label, log in _AXES}
    units = [*labels, *sorted({row.unit for row in rows} - set(labels))]
    groups = [(unit, group) for unit in units if (group := [row for row in rows if row.unit == unit])]
    heights = [ROW * len(group) + 0.62 for _, group in groups]
    names = [name for _, group in groups for name in map(_name, group)]
    width = 5.2 + canvas.widest(names)
    figure, panels = canvas.sheet(len(groups), 1, (width, sum(heights) / len(groups)), heights)
    for panel, (unit, group) in zip(panels, groups, strict=True):
        _panel(panel, group, *labels.get(unit, (unit, True)))
    said = "Median over rounds; gray: lowest to highest round. All axes but that of exponents are logarithmic."
    canvas.save(canvas.finish(figure, _legend(), said), path)


def _name(row: Ratio) -> str:
    """Beside what, unless the axis says so."""
    if row.unit in ("× bound", "× cost"):
        return row.work
    return f"{row.work}  vs  {row.against}" if row.unit == "×" else f"{row.work}, {row.against}"


def _panel(panel: Any, rows: Sequence[Ratio], label: str, log: bool) -> None:
    drawn = [1.0] if log else []
    for y, row in enumerate(rows):
        if row.rounds:
            ends = [min(row.rounds), max(row.rounds)]
            panel.plot(ends, [y, y], color="0.6", linewidth=3, zorder=2)
            panel.plot([row.number], [y], linestyle="", markersize=6, zorder=4, **_style(row))
            drawn += ends
        if row.target:
            panel.plot([row.target.value], [y], marker="|", markersize=13, mew=2, color="black", zorder=3)
            drawn.append(row.target.value)
        panel.annotate(
            shown(row) or "not measured",
            (1.0, y),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=canvas.TINY,
        )
    canvas.rows_of(panel, [_name(row) for row in rows])
    panel.set_xlabel(label, fontsize=canvas.SMALL)
    _limits(panel, drawn, log)


def _limits(panel: Any, drawn: list[float], log: bool) -> None:
    finite = [value for value in drawn if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    if log and low > 0:
        reach = max(1.1, (high / low) ** 0.04)
        panel.set_xlim(low / reach, high * reach)
        canvas.logarithmic(panel, "x")
        panel.axvline(1.0, color="0.5", linewidth=0.8, zorder=1)
    else:
        margin = 0.06 * (high - low) or 0.1
        panel.set_xlim(low - margin, high + margin)


def _style(row: Ratio) -> dict:
    return {True: _HELD, False: _SHORT, None: _FREE}[row.held]


def _legend() -> dict[str, Any]:
    from matplotlib.lines import Line2D

    named = ((_HELD, "target met"), (_SHORT, "target missed"), (_FREE, "no target"))
    marks = {label: Line2D([], [], linestyle="", **style) for style, label in named}
    target = Line2D([], [], linestyle="", marker="|", markersize=12, mew=2, color="black")
    return {**marks, "target": target, "range of rounds": Line2D([], [], color="0.6", linewidth=3)}
