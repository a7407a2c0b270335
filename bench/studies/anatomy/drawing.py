"""How all pictures of an anatomy are drawn: axes, labels at line ends, messages; for color-blind and printed alike."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from bench.lookup import canvas as paper
from bench.lookup.appearance import COLORS, look

BLUE, VERMILION, GREEN, PURPLE, ORANGE, BLACK, *_ = COLORS
GRAY, DARK = "#8C8C8C", "#555555"
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (9, 3)))
Measured = Mapping[str, Any]
"""What `measure.gather` found, or a part of it: plain data."""
WIDTH = 10.0
DPI = 130
GAP = 0.062
"""Least distance of two labels at line ends, as a share of the axis."""


class End(NamedTuple):
    """A label at the end of a line: its last point, text and color."""

    x: float
    y: float
    text: str
    color: str


def canvas(height: float) -> Figure:
    """An empty figure of the page's width; height in inches."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def png(figure: Figure) -> bytes:
    """Its bytes, the same for the same figure."""
    target = io.BytesIO()
    figure.savefig(target, dpi=DPI, format="png", metadata={"Software": None})
    return target.getvalue()


def dress(axis: Axes, title: str, x: str, y: str) -> None:
    """Title to the left, labels with units, no frame at the top and the right."""
    axis.set_title(title, fontsize=10.5, loc="left")
    axis.set_xlabel(x, fontsize=9.5)
    axis.set_ylabel(y, fontsize=9.5)
    axis.tick_params(which="both", labelsize=8.5)
    axis.spines[["top", "right"]].set_visible(False)


def legend(axis: Axes, where: str = "best", **settings: Any) -> None:
    if axis.get_legend_handles_labels()[0]:
        shown: dict[str, Any] = {
            "loc": where,
            "fontsize": 8,
            "framealpha": 0.85,
            "edgecolor": "none",
            "handlelength": 3,
        }
        axis.legend(**{**shown, **settings})


def legend_below(axis: Axes, ncols: int = 2, **settings: Any) -> None:
    """The legend under the axis and its label, where it covers nothing."""
    where = axis.transAxes + ScaledTranslation(0, -0.5, figure_of(axis).dpi_scale_trans)
    shown: dict[str, Any] = {"bbox_to_anchor": (0, 0), "bbox_transform": where, "borderaxespad": 0, "frameon": False}
    legend(axis, "upper left", ncols=ncols, **{**shown, **settings})


def figure_of(axis: Axes) -> Figure:
    return cast(Figure, axis.figure)


def name(figure: Figure, found: Measured) -> Figure:
    """Say above all panels whose they are, and on what task."""
    text = canvas_text(f"{found['optimizer']} on {found['task']}")
    figure.suptitle(text, x=0.01, ha="left", fontsize=11.5, weight="bold", parse_math=False)
    return figure


def canvas_text(text: str, size: float = 11.5) -> str:
    return paper.fitted(text, 0.9 * WIDTH, size)


def reference(axis: Axes, at: float | None, label: str) -> None:
    """A level of tuned momentum, in its look, if it is known; its value stands in the legend."""
    if at is not None:
        its = look("momentum").line()
        ends = {"color": its["color"], "linestyle": its["linestyle"], "linewidth": 1.6}
        axis.axhline(at, **ends, label=f"{label}, {at:.3g}")


def message(axis: Axes, title: str, text: str) -> None:
    """A panel that says why it is empty."""
    axis.set_title(title, fontsize=10.5, loc="left")
    axis.set_axis_off()
    wrapped = textwrap.fill(text, 46)
    axis.text(0.5, 0.5, wrapped, ha="center", va="center", fontsize=9.5, color=DARK, transform=axis.transAxes)


def array(values: Any) -> np.ndarray:
    """Plain lists as floats, None as NaN."""
    return np.array(values if values is not None else [], dtype=float)


def value(reading: Any, name: str) -> float | None:
    """The number a reading gives as `name`, or None."""
    held = ((reading or {}).get("values") or {}).get(name)
    found = held.get("value") if isinstance(held, dict) else None
    return float(found) if isinstance(found, (int, float)) and np.isfinite(found) else None


def label_ends(axis: Axes, ends: Iterable[End]) -> None:
    """Texts right of the axis at the height of their lines, moved apart where they would overlap, joined by hairlines.

    To be called when the axis has its final limits and scale.
    """
    ends = list(ends)
    points = axis.transData.transform([(end.x, end.y) for end in ends])
    heights = np.clip(axis.transAxes.inverted().transform(points)[:, 1], 0.0, 1.0)
    for end, height, place in zip(ends, heights, apart(heights, GAP), strict=True):
        axis.annotate(
            end.text,
            (1.0, height),
            (1.04, place),
            "axes fraction",
            "axes fraction",
            va="center",
            fontsize=9,
            color=end.color,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": end.color, "linewidth": 0.6, "shrinkA": 1, "shrinkB": 0},
        )


def apart(heights: Sequence[float] | np.ndarray, gap: float) -> np.ndarray:
    """Heights in [0, 1] as near as may be to the given ones, in the same order, at least `gap` apart."""
    heights = np.asarray(heights, float)
    order = np.argsort(heights, kind="stable")
    steps = gap * np.arange(len(heights))
    level = heights[order] - steps
    blocks: list[list[float]] = []
    for each in level:
        blocks.append([each])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    placed = np.concatenate([np.full(len(b), np.mean(b)) for b in blocks]) + steps
    placed -= max(placed[-1] - 1.0, 0.0)
    placed += max(-placed[0], 0.0)
    result = np.empty(len(heights))
    result[order] = placed
    return result


def spans_decades(values: np.ndarray, decades: float = 1.0) -> bool:
    """Whether all finite values are positive and spread over more than so many decades."""
    kept = values[np.isfinite(values)]
    return bool(len(kept)) and kept.min() > 0 and kept.max() / kept.min() > 10**decades


def at_least_a_decade(axis: Axes) -> None:
    """Widen a logarithmic vertical axis, so that a flat line looks flat."""
    low, high = axis.get_ylim()
    if high / low < 10:
        middle = np.sqrt(low * high)
        axis.set_ylim(middle / 10**0.5, middle * 10**0.5)
