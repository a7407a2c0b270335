"""One page that shows an optimizer's readings: the panels of every probe in the catalog, and what they say.

Drawn from the readings alone, so also from their JSON, without the optimizer.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.lookup import canvas
from bench.probes.catalog import PROBES, drawing
from bench.probes.panels import GRAY
from bench.probes.reading import Reading
from bench.records.files import write_bytes

COLUMNS = 3
WIDTH, ROW_HEIGHT, LINE = 11.7, 4.1, 0.165
"""Inches: of the page, of a row of panels, of a line of text."""
SIZE = 8.5
"""Points."""


def draw(readings: Mapping[str, Reading | Mapping[str, Any]], path: str | Path, title: str = ""):
    """Write the page to `path` (its ending chooses the format). Probes that were not run stay empty."""
    plain = {k: r.to_json() if isinstance(r, Reading) else dict(r) for k, r in readings.items()}
    panels = [(probe.name, panel) for probe in PROBES.values() for panel in probe.panels]
    rows = math.ceil(len(panels) / COLUMNS)
    said = _sentences(plain)
    height = ROW_HEIGHT * rows + LINE * (said.count("\n") + 2) + (0.4 if title else 0.0)
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = list(figure.subplots(rows, COLUMNS).flat)
    for axis, (name, panel) in zip(axes, panels, strict=False):
        _panel(axis, drawing(panel), name, plain.get(name))
    for axis in axes[len(panels) :]:
        axis.remove()
    if title:
        figure.suptitle(canvas.fitted(title, 0.9 * WIDTH, 13), fontsize=13, parse_math=False)
    figure.supxlabel(said, x=0.01, ha="left", fontsize=SIZE, parse_math=False)
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=130, format=Path(path).suffix.removeprefix("."))
    write_bytes(Path(path), drawn.getvalue())


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


def _sentences(readings: Mapping[str, Mapping[str, Any]]) -> str:
    """What every probe says, and how many of its controls passed, in lines that fit the page."""
    lines = []
    for reading in readings.values():
        passed = sum(control["passed"] for control in reading["controls"])
        text = f"{reading['sentence']}  [controls\u00a0{passed}/{len(reading['controls'])}]"
        lines.append(canvas.fitted(text, 0.93 * WIDTH, SIZE))
    return "\n".join(lines)
