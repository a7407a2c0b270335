"""Panels of an anatomy that show states: the plane they lie in, eigenvalues at rest, fixed points under gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes

from bench.anatomy_drawing import (
    BLUE,
    DASHES,
    GRAY,
    GREEN,
    ORANGE,
    VERMILION,
    array,
    at_least_a_decade,
    dress,
    legend,
    message,
)

Found = Mapping[str, Any]
SIGNS = ((-1, "s", BLUE, "g < 0"), (1, "^", VERMILION, "g > 0"))
"""Marker and color of each arm."""
MAP = colormaps["viridis_r"]


def tuned_rate(found: Found) -> float | None:
    """The learning rate of momentum tuned on the task."""
    theta = next((c["theta"] for c in found["curves"] if c["name"] == "momentum"), {})
    return theta.get("learning_rate")


def tuned_gain(found: Found) -> float | None:
    """Its learning rate / (1 − momentum)."""
    theta = next((c["theta"] for c in found["curves"] if c["name"] == "momentum"), {})
    rate, momentum = theta.get("learning_rate"), theta.get("momentum")
    return None if rate is None or not momentum < 1 else rate / (1 - momentum)


def state_space(axis: Axes, portrait: Found) -> None:
    """Visited states, the drift from h0, h* and the arms on the first two principal axes; of a single number, its
    course over the steps.
    """
    space, title = portrait["space"], "state space: principal axes of the visited states"
    shares = array(space["shares"])
    if not len(shares):
        message(axis, title, "it keeps no state")
    elif len(shares) == 1:
        _course(axis, space)
    else:
        _plane(axis, portrait)


def _course(axis: Axes, space: Found) -> None:
    for i, run in enumerate(space["runs"]):
        label = "visited, in runs" if i == 0 else None
        axis.plot(array(run)[:, 0], color=GRAY, linewidth=0.7, label=label)
    axis.plot(array(space["drift"])[:, 0], color=ORANGE, linestyle=DASHES[1], linewidth=2.2, label="no gradients, from h₀")
    axis.axhline(array(space["rest"])[0], color="#000000", linestyle=DASHES[2], label=_rest_label(space))
    dress(axis, "state, a single number, less its mean", "step", "state")
    legend(axis)


def _plane(axis: Axes, portrait: Found) -> None:
    space = portrait["space"]
    visited, drift, rest = (array(space[name]) for name in ("visited", "drift", "rest"))
    axis.plot(visited[:, 0], visited[:, 1], ".", color=GRAY, markersize=2.5, alpha=0.35, label="visited states", zorder=1)
    axis.plot(drift[:, 0], drift[:, 1], "-", color=ORANGE, linewidth=2.4, label="drift without gradients", zorder=4)
    axis.plot(*drift[0, :2], "D", color=ORANGE, markeredgecolor="black", markersize=7, label="initial state h₀", zorder=5)
    axis.plot(*rest[:2], "*", color="black", markersize=13, label=_rest_label(space), zorder=6)
    shown = np.concatenate([visited[:, :2], drift[:, :2], rest[None, :2]])
    _draw_arms(axis, portrait, (0, 1), 0.8)
    _limits(axis, shown)
    dress(axis, "state space", _axis_label(space, 0), _axis_label(space, 1))
    legend(axis, fontsize=7.5, handlelength=2)


def _rest_label(space: Found) -> str:
    word = space["stability"]
    return "relaxed state, no fixed point" if word == "none" else f"h*, {word}"


def _axis_label(space: Found, i: int) -> str:
    return f"principal axis {i + 1} ({100 * array(space['shares'])[i]:.2g} % of variance)"


def _limits(axis: Axes, points: np.ndarray) -> None:
    """Around these points with a quarter of their range; what else is drawn may leave the picture."""
    kept = points[np.isfinite(points).all(axis=1)]
    for set_limits, values in zip((axis.set_xlim, axis.set_ylim), kept.T, strict=True):
        low, high = values.min(), values.max()
        margin = 0.25 * (high - low) or 1.0
        set_limits(low - margin, high + margin)


def _draw_arms(axis: Axes, portrait: Found, pair: tuple[int, int], size: float) -> None:
    """h*(g) of both signs, joined, larger for larger |g|; hollow where none is stable."""
    points, gradients = array(portrait["space"]["arms"]), array(portrait["arms"]["gradients"])
    stable = np.array([word == "stable" for word in portrait["arms"]["stability"]])
    sizes = size * np.linspace(3, 8, max(len(gradients) // 2, 1))
    for sign, marker, color, label in SIGNS:
        rows = np.flatnonzero(np.sign(gradients) == sign)
        rows = rows[np.argsort(np.abs(gradients[rows]))]
        place = points[rows][:, list(pair)]
        axis.plot(place[:, 0], place[:, 1], "-", color=color, linewidth=0.8, zorder=2)
        for at, row, width in zip(place, rows, sizes, strict=True):
            face = color if stable[row] else "white"
            last = row == rows[-1]
            axis.plot(
                *at, marker, color=color, markerfacecolor=face, markersize=width, zorder=3,
                linestyle="none", label=f"h*(g), {label}" if last else None,
            )  # fmt: skip


def spectrum(axis: Axes, modes: Found) -> None:
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
        real[order], imaginary[order], 22 + 200 * share[order], share[order], cmap=MAP, vmin=0, vmax=1,
        edgecolors="black", linewidths=0.6, zorder=3,
    )  # fmt: skip
    bar = axis.figure.colorbar(drawn, ax=axis, shrink=0.8, pad=0.03)
    about = f"|α| / {largest:.3g}" if np.isfinite(largest) else "no rates exist here"
    bar.set_label(f"effective rate of the mode, {about}", fontsize=8.5)
    bar.ax.tick_params(labelsize=8)
    reach = max(1.15, 1.1 * np.max(np.hypot(real, imaginary)))
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    dress(axis, title, "real part", "imaginary part")


def arms_in_space(axis: Axes, portrait: Found) -> None:
    """The S-curve: h*(g) for constant g on the two principal axes along which it extends most."""
    space, title = portrait["space"], "fixed points under constant gradients"
    points = array(space["arms"])
    count = len(space["shares"])
    if not count:
        message(axis, title, "it keeps no state")
        return
    if count == 1:
        _arm_of_a_number(axis, portrait, title)
        return
    pair = widest(points)
    visited = array(space["visited"])
    axis.plot(visited[:, pair[0]], visited[:, pair[1]], ".", color=GRAY, markersize=2.5, alpha=0.3, label="visited states")
    _draw_arms(axis, portrait, pair, 1.0)
    rest = array(space["rest"])
    axis.plot(rest[pair[0]], rest[pair[1]], "*", color="black", markersize=13, label=_rest_label(space), zorder=6)
    dress(axis, f"{title} (hollow: not stable)", *(_axis_label(space, i) for i in pair))
    legend(axis, fontsize=7.5, handlelength=2)


def signed(number: float) -> str:
    """Two significant digits with a true minus sign, no exponent below a million."""
    text = f"{float(f'{number:.2g}'):g}"
    return text.replace("-", "−", 1) if number < 0 else text


def widest(points: np.ndarray) -> tuple[int, int]:
    """The two of the principal axes along which points (G, p) extend most, in order."""
    extents = np.ptp(points[np.isfinite(points).all(axis=1)], axis=0)
    first, second = sorted(np.argsort(-extents, kind="stable")[:2].tolist())
    return first, second


def _arm_of_a_number(axis: Axes, portrait: Found, title: str) -> None:
    gradients, points = array(portrait["arms"]["gradients"]), array(portrait["space"]["arms"])[:, 0]
    smallest = np.abs(gradients[gradients != 0]).min()
    axis.plot(gradients, points, "-", color=GRAY, linewidth=0.8)
    for sign, marker, color, label in SIGNS:
        rows = np.sign(gradients) == sign
        axis.plot(gradients[rows], points[rows], marker, color=color, markersize=5, label=f"h*(g), {label}")
    axis.set_xscale("symlog", linthresh=1e3 * smallest)
    dress(axis, title, "constant gradient g", "state h*(g), less its mean")
    legend(axis)


def rates_along_arms(axis: Axes, found: Found) -> None:
    """−∂dx/∂g at g = 0 in h*(g*), and the update per gradient there, against |g*|, both signs, log-log."""
    arms, title = found["portrait"]["arms"], "rates at these fixed points"
    gradients, rates, updates = (array(arms[name]) for name in ("gradients", "rates", "updates"))
    secants = -updates / np.where(gradients == 0, np.nan, gradients)
    stable = np.array([word == "stable" for word in arms["stability"]])
    drawn = []
    for sign, marker, color, label in SIGNS:
        rows = np.sign(gradients) == sign
        sizes = np.abs(gradients[rows])
        for values, style, what, face in (
            (rates, "-", "local rate", color),
            (secants, DASHES[2], "−update / g", "white"),
        ):
            shown = np.where(values[rows] > 0, values[rows], np.nan)
            axis.plot(
                sizes, shown, linestyle=style, marker=marker, color=color, markerfacecolor=face, markersize=4.5,
                linewidth=1.3, label=f"{what}, {label}",
            )  # fmt: skip
            drawn.append(shown)
    if not np.isfinite(drawn).any():
        axis.clear()
        message(axis, title, "no positive rate at any of them")
        return
    rate = tuned_rate(found)
    if rate is not None:
        axis.axhline(rate, linestyle=DASHES[1], color="black", linewidth=1.3, label=f"tuned momentum's rate, {rate:.3g}")
    axis.set(xscale="log", yscale="log")
    at_least_a_decade(axis)
    _room_below(axis)
    lost = int(np.sum(~stable[gradients != 0]))
    beside = f" ({lost} of {np.sum(gradients != 0)} not stable)" if lost else ""
    dress(axis, f"{title}{beside}", "size |g| of the constant gradient", "rate (update / gradient)")
    legend(axis, "lower left", fontsize=7.5, ncols=2)


def _room_below(axis: Axes) -> None:
    """Lower a logarithmic axis, so that a legend has room under everything drawn."""
    low, high = axis.get_ylim()
    axis.set_ylim(low / (high / low) ** 0.35, high)


def arm_curves(axis: Axes, held: Found, sign: int) -> None:
    """Change of the update with a small gradient at fixed points of one arm, and at h*."""
    gradients, at = array(held["gradients"]), array(held["held"])
    rows = [i for i in np.argsort(np.abs(at)) if at[i] == 0 or np.sign(at[i]) == sign]
    colors = MAP(np.linspace(0.1, 0.95, len(rows)))
    for n, (i, color) in enumerate(zip(rows, colors, strict=True)):
        label = "0 (h*)" if at[i] == 0 else signed(at[i])
        axis.plot(gradients, array(held["changes"][i]), linestyle=DASHES[n % len(DASHES)], color=color, linewidth=1.7, label=label)
    axis.axhline(0, color="0.85", linewidth=0.7, zorder=0)
    axis.axvline(0, color="0.85", linewidth=0.7, zorder=0)
    word = "positive" if sign > 0 else "negative"
    dress(axis, f"update curves at fixed points of {word} g*", "small gradient g", "dx(g; h*) − dx(0; h*)")
    legend(axis, fontsize=7.5, title="constant g*", title_fontsize=8, ncols=1)
