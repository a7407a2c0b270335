"""Color, dashes and width of each optimizer, as in the project's pictures."""

from __future__ import annotations

from typing import Any

from bench.reports.curves import COLORS, _styles
from bench.scores.results import Results

THINNEST = 1.6
"""Pixels: on a screen a thinner dotted line fades."""


def styles(results: Results) -> dict[str, dict[str, Any]]:
    """{optimizer: {"color": place in COLORS, "dash": SVG dash array, "width": pixels}}."""
    return {name: _svg(style) for name, style in _styles(results).items()}


def _svg(style: dict[str, Any]) -> dict[str, Any]:
    width = max(style["linewidth"], THINNEST)
    line = style["linestyle"]
    dash = "" if line == "-" else " ".join(f"{part * width:.3g}" for part in line[1])
    return {"color": COLORS.index(style["color"]), "dash": dash, "width": width}
