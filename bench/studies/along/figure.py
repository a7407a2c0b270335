"""One picture: every number against iterations, a line for each meta-seed; for black-and-white print alike."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from bench.lookup import canvas
from bench.lookup.appearance import COLORS, DASHES, MARKERS
from bench.scores.numbers import significant

PANEL = (2.55, 2.05)
_LINEAR = 0.6
"""Width of the linear part of the iteration axis, 0 to 1, in decades."""


class Panel(NamedTuple):
    """A number and how it is drawn; `level`: what it is without the mechanism."""

    name: str
    title: str
    y: str
    log: bool = True
    level: float | None = None
    share: str = ""
    """Panels with the same word have the same limits."""


PANELS = (
    Panel("score", "score on held-out problems", "mean of loss / initial loss"),
    Panel("beta", "momentum: β of the leading mode", "β per step", log=False),
    Panel("alpha", "momentum: α of the leading mode", "|α|, update per gradient"),
    Panel("knee", "clipping: knee at rest", "|gradient|"),
    Panel("beyond", "clipping: beyond the knee", "share of gradients met", log=False, level=0.0),
    Panel("peak", "schedule: peak over end", "factor of the rate", level=1.0),
    Panel("change", "adaptation: large constant g", "factor of the rate at rest", level=1.0, share="rate"),
    Panel("rise", "adaptation: highest, constant g", "factor of the rate at rest", level=1.0, share="rate"),
    Panel("centred", "steepest slope, large constant g", "factor of the slope", level=1.0, share="rate"),
    Panel("constant_large", "after a run of one sign", "factor of the rate at rest", level=1.0, share="rate"),
    Panel("alternating_large", "after alternating signs", "factor of the rate at rest", level=1.0, share="rate"),
    Panel("gaussian_large", "after Gaussian gradients", "factor of the rate at rest", level=1.0, share="rate"),
)


def picture(found: Mapping[str, Any]) -> bytes:
    """PNG of what `measure` found."""
    buffer = io.BytesIO()
    figure(found).savefig(buffer, dpi=130, format="png", metadata={"Software": None})
    return buffer.getvalue()


def figure(found: Mapping[str, Any]) -> Any:
    """Twelve panels; the larger markers are the weights called young and grown."""
    sheet, axes = canvas.sheet(len(PANELS), 4, PANEL)
    lines: dict[str, Any] = {}
    limits = {panel.name: _limits(found, panel) for panel in PANELS}
    for axis, panel in zip(axes, PANELS, strict=True):
        lines |= _draw(axis, panel, found)
        _dress(axis, panel, found, limits[panel.name])
    typical = significant(found["typical"])
    steps = found["steps"]
    said = (
        f"Kept weights of meta-training on {found['task']}, one line for each meta-seed. Score: geometric mean over "
        f"{found['problems']} held-out problems of {steps} steps. Rates are −∂dx/∂g at g = 0, after a run of {steps} "
        f"gradients or as many as it takes to settle; large: ten times the typical {typical}. Hollow: young, grown."
    )
    return canvas.finish(sheet, lines, said)


def _series(found: Mapping[str, Any], name: str) -> Iterator[tuple[Mapping[str, Any], np.ndarray, np.ndarray]]:
    """Each series with its iterations and the values of one number, those that exist."""
    for one in found["series"]:
        pairs = [(row["iteration"], row[name]) for row in one["rows"] if row[name] is not None]
        yield one, *np.array(pairs, float).reshape(-1, 2).T


def _draw(axis: Any, panel: Panel, found: Mapping[str, Any]) -> dict[str, Any]:
    """{label: line} of every series."""
    lines = {}
    if panel.level is not None:
        axis.axhline(panel.level, color="0.55", linewidth=0.8, zorder=1)
    for i, (one, iterations, values) in enumerate(_series(found, panel.name)):
        if panel.log:
            iterations, values = iterations[values != 0], np.abs(values[values != 0])
        dash = DASHES[i % len(DASHES)]
        look: dict[str, Any] = {"color": COLORS[i % len(COLORS)], "marker": MARKERS[i % len(MARKERS)]}
        style = (0, dash) if dash else "-"
        (line,) = axis.plot(iterations, values, **look, linestyle=style, linewidth=1.3, markersize=3.5, zorder=3)
        aged = np.isin(iterations, [one["young"], one["grown"]])
        more = {"markersize": 7.5, "linestyle": "none", "markerfacecolor": "white", "markeredgewidth": 1.4, "zorder": 4}
        axis.plot(iterations[aged], values[aged], **look, **more)
        lines[f"{one['name']}, seed {one['seed']}"] = line
    return lines


def _limits(found: Mapping[str, Any], panel: Panel) -> tuple[float, float] | None:
    """Of a panel's numbers, and of those that share its axis; None where there are none."""
    names = [other.name for other in PANELS if other is panel or (panel.share and other.share == panel.share)]
    values = np.concatenate([values for name in names for _, _, values in _series(found, name)])
    values = np.abs(values[values != 0]) if panel.log else values
    if panel.level is not None:
        values = np.append(values, panel.level)
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    if not panel.log:
        pad = 0.08 * (high - low) or 0.05
        return low - pad, high + pad
    low, high = (low / 1.25, high * 1.25) if high / low > 2 else (low / 1.8, high * 1.8)
    return low, high


def _dress(axis: Any, panel: Panel, found: Mapping[str, Any], limits: tuple[float, float] | None) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    canvas.title(axis, panel.title, PANEL[0] - 0.2)
    axis.set_ylabel(panel.y, fontsize=canvas.SMALL)
    axis.set_xlabel("meta-iterations", fontsize=canvas.SMALL)
    last = max(row["iteration"] for one in found["series"] for row in one["rows"])
    axis.set_xscale("symlog", linthresh=1.0, linscale=_LINEAR)
    axis.set_xlim(-0.15, 1.4 * last)
    decades = [0.0, *(10.0**k for k in range(int(np.log10(max(last, 1))) + 1))]
    axis.xaxis.set_major_locator(FixedLocator(decades))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: canvas.tick(value)))
    if limits is None:
        axis.text(0.5, 0.5, "no such number", ha="center", va="center", transform=axis.transAxes, fontsize=canvas.SMALL)
        return
    axis.set_ylim(*limits)
    if panel.log:
        canvas.logarithmic(axis)
