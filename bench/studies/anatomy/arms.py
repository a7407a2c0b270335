"""Figure 5 of an anatomy: fixed points under constant gradients, the rates there, update curves along both arms."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from bench.lookup import canvas as paper
from bench.studies.anatomy.drawing import (
    DASHES,
    GRAY,
    Measured,
    array,
    at_least_a_decade,
    dress,
    legend_below,
    message,
    reference,
)
from bench.studies.anatomy.states import MAP, SIGNS, axis_label, draw_arms, rest_label


def tuned_rate(found: Measured) -> float | None:
    """The learning rate of momentum tuned on the task."""
    return _tuned(found).get("learning_rate")


def tuned_gain(found: Measured) -> float | None:
    """Its learning rate / (1 − momentum)."""
    theta = _tuned(found)
    if not theta.get("momentum", 1.0) < 1:
        return None
    return theta["learning_rate"] / (1 - theta["momentum"])


def _tuned(found: Measured) -> dict[str, float]:
    return next((dict(c["theta"]) for c in found["curves"] if c["name"] == "momentum"), {})


def arms_in_space(axis: Axes, portrait: Measured) -> None:
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
    axis.plot(
        visited[:, pair[0]], visited[:, pair[1]], ".", color=GRAY, markersize=2.5, alpha=0.3, label="visited states"
    )
    draw_arms(axis, portrait, pair, 1.0)
    rest = array(space["rest"])
    axis.plot(rest[pair[0]], rest[pair[1]], "*", color="black", markersize=13, label=rest_label(space), zorder=6)
    dress(axis, f"{title} (hollow: not stable)", *(axis_label(space, i) for i in pair))
    if pair != (0, 1):
        axes = f"axes {pair[0] + 1} and {pair[1] + 1}, where they reach farthest; in figure 2: axes 1 and 2"
        axis.set_title(f"{title}\n{axes}\n(hollow: not stable)", fontsize=10.5, loc="left")
    legend_below(axis, 3, fontsize=7.5, handlelength=2)


def signed(number: float) -> str:
    """Two significant digits with a true minus sign, no exponent below a million."""
    text = f"{float(f'{number:.2g}'):g}"
    return text.replace("-", "−", 1) if number < 0 else text


def widest(points: np.ndarray) -> tuple[int, int]:
    """The two of the principal axes along which points (G, p) extend most, in order."""
    extents = np.ptp(points[np.isfinite(points).all(axis=1)], axis=0)
    first, second = sorted(np.argsort(-extents, kind="stable")[:2].tolist())
    return first, second


def _arm_of_a_number(axis: Axes, portrait: Measured, title: str) -> None:
    gradients, points = array(portrait["arms"]["gradients"]), array(portrait["space"]["arms"])[:, 0]
    decade = 10.0 ** np.floor(np.log10(np.abs(gradients).max()))
    axis.plot(gradients, points, "-", color=GRAY, linewidth=0.8)
    for sign, marker, color, label in SIGNS:
        rows = np.sign(gradients) == sign
        axis.plot(gradients[rows], points[rows], marker, color=color, markersize=5, label=f"h*(g), {label}")
    axis.set_xscale("symlog", linthresh=decade / 100)
    axis.set_xticks([sign * decade / part for sign in (-1, 1) for part in (1, 10, 100)] + [0])
    dress(axis, title, "constant gradient g", "state h*(g), less its mean")
    legend_below(axis)


def rates_along_arms(axis: Axes, found: Measured) -> None:
    """−∂dx/∂g at g = 0 in h*(g*), and the update there less that at h* per gradient, against |g*|, log-log."""
    arms, title = found["portrait"]["arms"], "rates at these fixed points"
    gradients, rates, updates = (array(arms[name]) for name in ("gradients", "rates", "updates"))
    secants = -(updates - updates[gradients == 0]) / np.where(gradients == 0, np.nan, gradients)
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
                sizes,
                shown,
                linestyle=style,
                marker=marker,
                color=color,
                markerfacecolor=face,
                markersize=4.5,
                linewidth=1.3,
                label=f"{what}, {label}",
            )
            drawn.append(shown)
    if not np.isfinite(drawn).any():
        axis.clear()
        message(axis, title, "no positive rate at any of them")
        return
    reference(axis, tuned_rate(found), "tuned momentum's rate")
    axis.set(xscale="log", yscale="log")
    at_least_a_decade(axis)
    hidden = int(np.sum(rates[gradients != 0] <= 0) + np.sum(secants <= 0))
    if hidden:
        axis.plot([], [], " ", label=f"{hidden} not above 0 left out")
    lost = int(np.sum(~stable[gradients != 0]))
    beside = f" ({lost} of {np.sum(gradients != 0)} not stable)" if lost else ""
    dress(axis, f"{title}{beside}", "size |g| of the constant gradient", "rate (update / gradient)")
    paper.logarithmic(axis)
    paper.logarithmic(axis, "x")
    legend_below(axis, fontsize=7.5)


def arm_curves(axis: Axes, held: Measured, sign: int) -> None:
    """Change of the update with a small gradient at fixed points of one arm, and at h*."""
    gradients, at = array(held["gradients"]), array(held["held"])
    rows = [i for i in np.argsort(np.abs(at)) if at[i] == 0 or np.sign(at[i]) == sign]
    colors = MAP(np.linspace(0.1, 0.95, len(rows)))
    for n, (i, color) in enumerate(zip(rows, colors, strict=True)):
        label = "0 (h*)" if at[i] == 0 else signed(at[i])
        axis.plot(
            gradients,
            array(held["changes"][i]),
            linestyle=DASHES[n % len(DASHES)],
            color=color,
            linewidth=1.7,
            label=label,
        )
    axis.axhline(0, color="0.85", linewidth=0.7, zorder=0)
    axis.axvline(0, color="0.85", linewidth=0.7, zorder=0)
    axis.locator_params(axis="x", nbins=5)
    word = "positive" if sign > 0 else "negative"
    dress(axis, f"update curves at fixed points of {word} g*", "small gradient g", "dx(g; h*) − dx(0; h*)")
    legend_below(axis, 3, fontsize=7.5, title="constant g*", title_fontsize=8, alignment="left")


def same_scale(one: Axes, other: Axes) -> None:
    """Give two panels the same limits and ticks, and say so."""
    for which in ("x", "y"):
        limits = [getattr(axis, f"get_{which}lim")() for axis in (one, other)]
        for axis in (one, other):
            getattr(axis, f"set_{which}lim")(min(low for low, _ in limits), max(high for _, high in limits))
            getattr(axis, f"{which}axis").set_major_formatter(lambda value, _: paper.tick(value))
    for axis in (one, other):
        axis.set_title(f"{axis.get_title(loc='left')}\n(left and right on the same scale)", fontsize=10.5, loc="left")
