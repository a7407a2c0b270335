"""Panels of an anatomy that show states: the plane they lie in, eigenvalues at rest, fixed points under gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes

from bench.probes.panels import enlarge
from bench.studies.anatomy.drawing import (
    BLUE,
    DASHES,
    GRAY,
    ORANGE,
    VERMILION,
    Measured,
    array,
    dress,
    legend_below,
    message,
)

SIGNS = ((-1, "s", BLUE, "g < 0"), (1, "^", VERMILION, "g > 0"))
"""Marker and color of each arm."""
MAP = colormaps["viridis_r"]


def state_space(axis: Axes, portrait: Measured) -> None:
    """Visited states, the drift from h0, h* and the arms on the first two principal axes; of a single number, its
    course over the steps.
    """
    space, title = portrait["space"], "state space: principal axes of the visited states"
    shares = array(space["shares"])
    if not len(shares):
        message(axis, title, "it keeps no state")
    elif len(shares) == 1:
        _path(axis, space)
    else:
        _plane(axis, portrait)


def _path(axis: Axes, space: Measured) -> None:
    for i, run in enumerate(space["runs"]):
        label = "visited, in runs" if i == 0 else None
        axis.plot(array(run)[:, 0], color=GRAY, linewidth=0.7, label=label)
    axis.plot(
        array(space["drift"])[:, 0], color=ORANGE, linestyle=DASHES[1], linewidth=2.2, label="no gradients, from h₀"
    )
    axis.axhline(array(space["rest"])[0], color="#000000", linestyle=DASHES[2], label=rest_label(space))
    dress(axis, "state, a single number, less its mean", "step", "state")
    legend_below(axis)


def _plane(axis: Axes, portrait: Measured) -> None:
    space = portrait["space"]
    visited, drift, rest = (array(space[name]) for name in ("visited", "drift", "rest"))
    axis.plot(
        visited[:, 0], visited[:, 1], ".", color=GRAY, markersize=2.5, alpha=0.35, label="visited states", zorder=1
    )
    axis.plot(drift[:, 0], drift[:, 1], "-", color=ORANGE, linewidth=2.4, label="drift without gradients", zorder=4)
    axis.plot(
        *drift[0, :2], "D", color=ORANGE, markeredgecolor="black", markersize=7, label="initial state h₀", zorder=5
    )
    axis.plot(*rest[:2], "*", color="black", markersize=13, label=rest_label(space), zorder=6)
    shown = np.concatenate([visited[:, :2], drift[:, :2], rest[None, :2]])
    within = _limits(axis, shown, array(space["arms"])[:, :2])
    draw_arms(axis, portrait, (0, 1), 0.8, within)
    beyond = int(np.sum(~within))
    outside = f"; {beyond} points of the arms lie outside" if beyond else ""
    dress(axis, f"state space{outside}", axis_label(space, 0), axis_label(space, 1))
    legend_below(axis, 3, fontsize=7.5, handlelength=2)


def rest_label(space: Measured) -> str:
    word = space["stability"]
    return "relaxed state, no fixed point" if word == "none" else f"h*, {word}"


def axis_label(space: Measured, i: int) -> str:
    return f"principal axis {i + 1} ({100 * array(space['shares'])[i]:.2g} % of variance)"


def _limits(axis: Axes, points: np.ndarray, more: np.ndarray) -> np.ndarray:
    """Around these points, and those of `more` (n, 2) that are at most their range away -> which of `more` that are."""
    kept = points[np.isfinite(points).all(axis=1)]
    low, high = kept.min(axis=0), kept.max(axis=0)
    reach = np.where(high > low, high - low, 1.0)
    within = np.isfinite(more).all(axis=1) & (more > low - reach).all(axis=1) & (more < high + reach).all(axis=1)
    everything = np.concatenate([kept, more[within]])
    low, high = everything.min(axis=0), everything.max(axis=0)
    margin = np.where(high > low, 0.08 * (high - low), 1.0)
    axis.set_xlim(low[0] - margin[0], high[0] + margin[0])
    axis.set_ylim(low[1] - margin[1], high[1] + margin[1])
    return within


def draw_arms(
    axis: Axes, portrait: Measured, pair: tuple[int, int], size: float, within: np.ndarray | None = None
) -> None:
    """h*(g) of both signs, joined, larger for larger |g|; hollow where none is stable; those `within`, or all."""
    points, gradients = array(portrait["space"]["arms"]), array(portrait["arms"]["gradients"])
    stable = np.array([word == "stable" for word in portrait["arms"]["stability"]])
    sizes = size * np.linspace(3, 8, max(len(gradients) // 2, 1))
    for sign, marker, color, label in SIGNS:
        kept = np.sign(gradients) == sign if within is None else (np.sign(gradients) == sign) & within
        rows = np.flatnonzero(kept)
        rows = rows[np.argsort(np.abs(gradients[rows]))]
        place = points[rows][:, list(pair)]
        axis.plot(place[:, 0], place[:, 1], "-", color=color, linewidth=0.8, zorder=2)
        for at, row, width in zip(place, rows, sizes, strict=True):
            face = color if stable[row] else "white"
            last = row == rows[-1]
            axis.plot(
                *at,
                marker,
                color=color,
                markerfacecolor=face,
                markersize=width,
                zorder=3,
                linestyle="none",
                label=f"h*(g), {label}" if last else None,
            )


def spectrum(axis: Axes, modes: Measured) -> None:
    """Eigenvalues at rest in the complex plane; area and color by |alpha| of their mode over the largest."""
    title = "eigenvalues at rest"
    real, imaginary, rates = (array(modes[name]) for name in ("real", "imaginary", "rates"))
    if not len(real):
        message(axis, title, "no state, or no fixed point to linearize at")
        return
    circle = np.exp(1j * np.linspace(0, 2 * np.pi, 300))
    axis.plot(circle.real, circle.imag, "-", color=GRAY, linewidth=0.9)
    axis.axhline(0, color="0.9", linewidth=0.7, zorder=0)
    axis.axvline(0, color="0.9", linewidth=0.7, zorder=0)
    largest = np.nanmax(rates) if np.isfinite(rates).any() else np.nan
    share = np.nan_to_num(rates / largest if largest > 0 else rates)
    order = np.argsort(-share)
    drawn = axis.scatter(
        real[order],
        imaginary[order],
        22 + 200 * share[order],
        share[order],
        cmap=MAP,
        vmin=0,
        vmax=1,
        edgecolors="black",
        linewidths=0.6,
        zorder=3,
    )
    bar = axis.figure.colorbar(drawn, ax=axis, shrink=0.8, pad=0.03)
    about = f"|α| / {largest:.3g}" if np.isfinite(largest) else "no rates exist here"
    bar.set_label(f"effective rate of the mode, {about}", fontsize=8.5)
    bar.ax.tick_params(labelsize=8)
    reach = max(1.15, 1.1 * np.max(np.hypot(real, imaginary)))
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    dress(axis, title, "real part", "imaginary part")
    colors: dict[str, Any] = {"cmap": MAP, "vmin": 0, "vmax": 1, "edgecolors": "black"}
    enlarge(axis, real[order], imaginary[order], 22 + 200 * share[order], c=share[order], **colors)
