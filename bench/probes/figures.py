"""One page that shows an optimizer's readings: the panels of every probe in the catalog, and what they say.

Drawn from the readings alone, so also from their JSON, without the optimizer.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.probes.catalog import PROBES, drawing
from bench.probes.panels import GRAY
from bench.probes.reading import Reading

COLUMNS = 3
WIDTH, ROW_HEIGHT = 11.7, 3.8
"""Inches."""


def draw(readings: Mapping[str, Reading | Mapping[str, Any]], path: str | Path, title: str = ""):
    """Write the page to `path` (its ending chooses the format). Probes that were not run stay empty."""
    plain = {k: r.to_json() if isinstance(r, Reading) else dict(r) for k, r in readings.items()}
    panels = [(probe.name, panel) for probe in PROBES.values() for panel in probe.panels]
    rows = math.ceil((len(panels) + 1) / COLUMNS)
    figure = Figure(figsize=(WIDTH, ROW_HEIGHT * rows), layout="constrained")
    axes = list(figure.subplots(rows, COLUMNS).flat)
    for axis, (name, panel) in zip(axes, panels, strict=False):
        _panel(axis, drawing(panel), name, plain.get(name))
    _text(axes[len(panels)], plain)
    for axis in axes[len(panels) + 1 :]:
        axis.remove()
    if title:
        figure.suptitle(title, fontsize=13)
    figure.savefig(path, dpi=130)


def _panel(axis: Axes, panel, name: str, reading: Mapping[str, Any] | None) -> None:
    axis.tick_params(which="both", labelsize=8)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    if reading is None or not panel(axis, reading["values"]):
        axis.set_title(name, fontsize=10, loc="left")
        text = "not read" if reading is None else f"{reading['verdict']}: nothing to draw"
        axis.text(0.5, 0.5, text, ha="center", va="center", color=GRAY, transform=axis.transAxes)
        axis.set_xticks([])
        axis.set_yticks([])


def _text(axis: Axes, readings: Mapping[str, Mapping[str, Any]]) -> None:
    axis.axis("off")
    lines = []
    for reading in readings.values():
        passed = sum(control["passed"] for control in reading["controls"])
        text = f"{reading['sentence']}  [controls\u00a0{passed}/{len(reading['controls'])}]"
        lines.append(textwrap.fill(text, 50, subsequent_indent="   "))
    axis.text(0, 1, "\n\n".join(lines), fontsize=8.5, va="top", transform=axis.transAxes)
