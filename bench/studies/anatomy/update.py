"""Figure 3 of an anatomy: update curves over the density of the gradients met."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.studies.anatomy.drawing import (
    BLACK,
    BLUE,
    DASHES,
    GRAY,
    ORANGE,
    VERMILION,
    Measured,
    array,
    at_least_a_decade,
    canvas,
    dress,
    value,
)

_TANGENT: dict[str, Any] = {"linestyle": DASHES[2], "color": BLACK, "label": "tangent at h*"}
_LIMIT: dict[str, Any] = {"linestyle": DASHES[3], "color": VERMILION, "linewidth": 1}


def update(found: Measured) -> Figure:
    """3: dx(g) at h0, at rest and at visited states over the density of gradients: signed, and in size on log axes."""
    figure = canvas(5.6)
    grid = figure.add_gridspec(2, 2, height_ratios=(3, 1))
    for column, draw in enumerate((_signed, _sizes)):
        above = figure.add_subplot(grid[0, column])
        below = figure.add_subplot(grid[1, column], sharex=above)
        draw(above, below, found)
        above.tick_params(labelbottom=False)
        above.set_xlabel("")
    handles, labels = figure.axes[2].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=len(labels), fontsize=8, frameon=False, handlelength=3
    )
    return figure


def _signed(above: Axes, below: Axes, found: Measured) -> None:
    held, density, reading = _parts(found)
    reach = reach_of(density, value(reading, "knee"))
    g = array(held["gradients"])
    shown = np.abs(g) <= reach
    _curves(above, g[shown], held, lambda row: array(row)[shown])
    low, high = above.get_ylim()
    slope, limit = value(reading, "slope"), value(reading, "asymptote")
    middle = float(array(held["rest"])[len(g) // 2])
    if slope is not None:
        above.plot(g[shown], middle - slope * g[shown], **_TANGENT)
    if limit is not None:
        for sign, label in ((-1, None), (1, "asymptotes at h*")):
            above.axhline(middle + sign * limit, **_LIMIT, label=label)
        low, high = min(low, middle - 1.1 * limit), max(high, middle + 1.1 * limit)
    if np.isfinite([low, high]).all():
        above.set_ylim(low, high)
    above.set_xlim(-reach, reach)
    dress(above, "update curves", "", "update dx(g; h)")
    edges, share = _linear_cells(density, reach)
    _shares(below, share, edges)
    beyond = 1 - share.sum() / 100
    outside = f"; {100 * beyond:.2g} % lie outside" if beyond > 5e-4 else ""
    dress(below, "", f"gradient g of one parameter{outside}", "visited (%)")


def _parts(found: Measured) -> tuple[Measured, Measured, Measured | None]:
    """Update curves, density of gradients, and what the clipping probe read."""
    portrait = found["portrait"]
    return portrait["update"], portrait["density"], found["readings"].get("clipping")


def _curves(axis: Axes, g: np.ndarray, held: Measured, pick: Callable[[Any], np.ndarray]) -> None:
    """What `pick` takes of the curves at visited states, at h0 and at rest, against `g`."""
    for i, row in enumerate(held["visited"]):
        label = "visited states" if i == 0 else None
        axis.plot(g, pick(row), color=GRAY, linewidth=0.8, label=label)
    initial: dict[str, Any] = {"linestyle": DASHES[1], "color": ORANGE, "linewidth": 1.8}
    axis.plot(g, pick(held["initial"]), **initial, label="initial state h₀")
    axis.plot(g, pick(held["rest"]), color=BLUE, linewidth=2.4, label="at rest h*")


def _shares(axis: Axes, share: np.ndarray, edges: np.ndarray) -> None:
    """Shares (C,) in % of cells with these edges (C + 1,), on a logarithmic axis."""
    axis.stairs(share, edges, fill=True, color=GRAY)
    axis.set_yscale("log")
    least = share[share > 0].min(initial=1.0)
    axis.set_ylim(least / 2, max(2 * share.max(initial=1.0), 10 * least))


def reach_of(density: Measured, knee: float | None) -> float:
    """Half width of the signed panel: four knees, where gradients got so far, else the largest gradient met."""
    largest = float(density["largest"])
    return min(4 * knee, largest) if knee is not None else largest


def _linear_cells(density: Measured, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Edges (C + 1,) and shares in % (C,) of cells of equal width from −reach to reach.

    Counts of the logarithmic cells are spread evenly over each; gradients below the first are put at 0.
    """
    edges = np.linspace(-reach, reach, 62)
    cells = array(density["edges"])
    counts = np.zeros(61)
    for sign, name in ((1, "positive"), (-1, "negative")):
        amount = np.append(0.0, np.cumsum(array(density[name])))
        inside = np.interp(np.clip(sign * edges, 0, None), cells, amount)
        counts += np.abs(np.diff(inside))
    counts[30] += density["below"]
    return edges, 100 * counts / density["total"]


def _sizes(above: Axes, below: Axes, found: Measured) -> None:
    held, density, reading = _parts(found)
    g = array(held["gradients"])[len(held["gradients"]) // 2 + 1 :]
    above.set(xscale="log", yscale="log")
    _curves(above, g, held, _odd)
    low, high = above.get_ylim()
    slope, limit, knee = (value(reading, name) for name in ("slope", "asymptote", "knee"))
    if slope:
        above.plot(g, np.abs(slope) * g, **_TANGENT)
    if limit is not None:
        above.axhline(limit, **_LIMIT, label="asymptote at h*")
    if knee is not None:
        for axis, label in ((above, f"knee {knee:.3g}"), (below, None)):
            axis.axvline(knee, linestyle=DASHES[4], color=VERMILION, linewidth=1, label=label)
    above.set_ylim(low, max(high, 1.5 * (limit or 0)))
    at_least_a_decade(above)
    dress(above, "their odd part, (dx(−g) − dx(g)) / 2", "", "size of update")
    share = 100 * (array(density["positive"]) + array(density["negative"])) / density["total"]
    _shares(below, share, array(density["edges"]))
    above.set_xlim(g[0], g[-1])
    smaller = 100 * density["below"] / density["total"]
    beside = f"; {smaller:.2g} % are smaller" if smaller > 0.05 else ""
    dress(below, "", f"size |g| of gradients{beside}", "visited (%)")


def _odd(row: Any) -> np.ndarray:
    """|dx(−g) − dx(g)| / 2 at the positive gradients, of a curve over both signs."""
    full = array(row)
    odd = np.abs(full[::-1] - full)[len(full) // 2 + 1 :] / 2
    return np.where(odd > 0, odd, np.nan)
