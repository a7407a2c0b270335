"""Color, dashes and width of each optimizer, as in the project's pictures."""

from __future__ import annotations

from typing import Any

from bench.lookup.appearance import DASHES, look
from bench.reports.pictures import shown
from bench.scores.results import Results

THINNEST = 1.6
"""Pixels: on a screen a thinner dotted line fades."""


def styles(results: Results) -> dict[str, dict[str, Any]]:
    """{optimizer: {"color": place in COLORS, "dash": SVG dash array, "width": pixels}}."""
    return {name: _svg(results, name) for name in results.optimizers}


def _svg(results: Results, name: str) -> dict[str, Any]:
    width = max(shown.style(results, name)["linewidth"], THINNEST)
    its = look(name)
    return {"color": its.color, "dash": " ".join(f"{part * width:.3g}" for part in DASHES[its.dash]), "width": width}
