"""Score against trials, a panel a family: the generalist as a level line, tuned optimizers as curves that come down."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.lookup import canvas
from bench.studies.generalist.best_of import KS, Curve, intervals
from bench.studies.generalist.entrants import KNOB, RATE

_COLORS = {
    "adam": ("#D55E00", "s"),
    "adamw-cosine": ("#E69F00", "^"),
    "momentum-cosine": ("#0072B2", "v"),
    "schedule-free-adamw": ("#009E73", "D"),
    "muon": ("#CC79A7", "P"),
}
"""Okabe and Ito, 2008, and a marker each: told apart in gray too."""


def draw(path: Path, panels: Mapping[str, Mapping[str, Curve]], statement: str) -> None:
    """{panel: {"name, searched": curve}}; untuned, at k = 0, the generalist is a line across."""
    figure, axes = canvas.sheet(len(panels), columns=2, panel=(4.4, 2.9))
    lines: dict[str, Any] = {}
    for ax, (name, curves) in zip(axes, panels.items(), strict=True):
        canvas.title(ax, name)
        for label, curve in curves.items():
            lines |= _draw_one(ax, label, curve)
        shown = max(int(np.isfinite(c.value).sum()) for c in curves.values())
        ax.set_xticks(range(shown), [str(k) for k in KS[:shown]])
        ax.set_xlabel("trials of tuning", fontsize=canvas.SMALL)
        ax.set_ylabel("mean log10 of loss / initial loss", fontsize=canvas.SMALL)
        ax.set_ylim(top=min(0.3, ax.get_ylim()[1]))
    canvas.finish(figure, lines, statement)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def _draw_one(ax: Any, label: str, curve: Curve) -> dict[str, Any]:
    known = np.isfinite(curve.value)
    places, (value, low, high) = np.flatnonzero(known), (part[known] for part in intervals(curve))
    name, searched = label.split(", ")
    if searched == KNOB:
        line = ax.axhline(value[0], color="black", linewidth=2.4, zorder=5)
        ax.axhspan(low[0], high[0], color="0.85", zorder=0)
        (knob,) = ax.plot(
            places[1:], value[1:], color="black", linewidth=1.2, linestyle=(0, (2, 1)), marker="o", ms=3.5
        )
        return {f"{name}, untuned (band: 95 %)": line, f"{name}, its multiplier tuned": knob}
    color, marker = _COLORS[name]
    rate = searched == RATE
    style = {"color": color, "marker": marker, "ms": 4.5, "linewidth": 0.9 if rate else 1.6}
    dashes: Any = (0, (4, 2)) if rate else "-"
    (line,) = ax.plot(places, value, linestyle=dashes, markerfacecolor="white" if rate else color, **style)
    return {label: line}
