"""The panels of the shipped probes. A panel draws a reading's `values` into an axis; False where nothing is to draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation

BLUE, ORANGE, GREEN, VERMILION, GRAY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#999999"
"""Okabe and Ito (2008): distinct without color vision; line styles differ as well."""


def finish(axis: Axes, title: str, x: str, y: str) -> bool:
    """Title, names of the axes, and below them a legend where a line has a label. True, for a panel to return."""
    axis.set_title(title, fontsize=10, loc="left")
    axis.set_xlabel(x, fontsize=9)
    axis.set_ylabel(y, fontsize=9)
    if axis.get_legend_handles_labels()[0]:
        where = axis.transAxes + ScaledTranslation(0, -0.45, cast(Figure, axis.figure).dpi_scale_trans)
        axis.legend(
            loc="upper left",
            bbox_to_anchor=(0, 0),
            bbox_transform=where,
            borderaxespad=0,
            ncols=2,
            fontsize=7.5,
            frameon=False,
            handlelength=3,
            columnspacing=1,
        )
    return True


def array(values: Mapping[str, Any], name: str) -> np.ndarray:
    """A list among a reading's values, of numbers and None; empty where there is none."""
    return np.array(values.get(name) or [], dtype=float)


def memory(axis: Axes, values: Mapping[str, Any]) -> bool:
    kernel = array(values, "kernel")
    if not len(kernel):
        return False
    lags = np.arange(len(kernel))
    axis.axhline(0, color=GRAY, linewidth=0.6)
    axis.plot(lags, kernel, "o", color=BLUE, markersize=3.5, label="at rest")
    alpha, beta = values["alpha"]["value"], values["beta"]["value"]
    if alpha is not None:
        label = f"fit {alpha:.3g}·{beta:.3g}$^j$"
        axis.plot(lags, alpha * beta**lags, "-", color=BLUE, linewidth=1, label=label)
    shown = [drift for drift in values["drift_kernels"] if drift["start"] in (0, 20, 100)]
    styles = zip(shown, ("--", "-.", ":"), (ORANGE, GREEN, VERMILION), strict=False)
    for drift, style, color in styles:
        label = f"drifting from step {drift['start']}"
        axis.plot(lags, drift["kernel"], style, color=color, linewidth=1.4, label=label)
    return finish(axis, "memory: kernel", "lag j (steps)", "response k$_j$ (update / gradient)")


def eigenvalues(axis: Axes, values: Mapping[str, Any]) -> bool:
    if "spectrum" not in values:
        return False
    circle = np.exp(1j * np.linspace(0, 2 * np.pi, 200))
    axis.plot(circle.real, circle.imag, "-", color=GRAY, linewidth=0.8)
    spectrum = np.array(values["spectrum"], dtype=float).reshape(-1, 3)
    gains = np.nan_to_num(spectrum[:, 2])
    sizes = 10 + 190 * gains / (gains.max(initial=0) or 1)
    axis.scatter(spectrum[:, 0], spectrum[:, 1], sizes, BLUE, alpha=0.6, edgecolors="white")
    axis.set_aspect("equal")
    reach = max(1.15, 1.1 * np.hypot(spectrum[:, 0], spectrum[:, 1]).max(initial=0))
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach))
    enlarge(axis, spectrum[:, 0], spectrum[:, 1], sizes)
    return finish(axis, "memory: eigenvalues at rest (area: gain)", "real part", "imaginary part")


CROWDED = 0.2
"""Share of an axis in which all eigenvalues lie when they are drawn a second time, larger."""


def enlarge(axis: Axes, real: np.ndarray, imaginary: np.ndarray, areas: np.ndarray, **settings: Any) -> None:
    """Where all eigenvalues lie close together, an inset with them in the half of the disk where there are none.

    `areas` (points²) and `settings` are those of the markers.
    """
    low, high = axis.get_xlim()
    extent = max(np.ptp(real), np.ptp(imaginary)) if len(real) > 1 else np.inf
    if extent >= CROWDED * (high - low):
        return
    inset = axis.inset_axes((0.15 if real.mean() > 0 else 0.55, 0.31, 0.36, 0.36))
    half, middle = 0.62 * max(extent, 1e-3), [(values.min() + values.max()) / 2 for values in (real, imaginary)]
    shown = settings or {"color": BLUE, "alpha": 0.6, "edgecolors": "white"}
    inset.scatter(real, imaginary, 0.5 * areas, linewidths=0.5, zorder=3, **shown)
    circle = np.exp(1j * np.linspace(0, 2 * np.pi, 3000))
    inset.plot(circle.real, circle.imag, "-", color=GRAY, linewidth=0.9)
    inset.set(xlim=(middle[0] - half, middle[0] + half), ylim=(middle[1] - half, middle[1] + half), aspect="equal")
    inset.locator_params(nbins=3)
    inset.tick_params(labelsize=7)
    inset.set_title("enlarged", fontsize=8)
    axis.indicate_inset_zoom(inset, edgecolor="0.4")


def update_curve(axis: Axes, values: Mapping[str, Any]) -> bool:
    points, curve = array(values, "curve_gradients"), array(values, "curve")
    if not len(points):
        return False
    density = axis.twinx()
    shares = 100 * array(values, "density")
    density.fill_between(points, shares, step="post", color=GRAY, alpha=0.3, linewidth=0)
    density.set_ylim(0, 3 * max(shares.max(), 1e-9))
    density.set_ylabel("share of visited |g| (%, gray)", fontsize=8, color="#666666")
    density.tick_params(labelsize=7, colors="#666666")
    density.spines["top"].set_visible(False)
    axis.set_zorder(density.get_zorder() + 1)
    axis.patch.set_visible(False)
    axis.loglog(points, np.abs(curve), "-", color=BLUE, label="at rest")
    axis.loglog(points, np.abs(array(values, "curve_initial")), "--", color=ORANGE, label="first step")
    _at_least_a_decade(axis)
    knee = values["knee"]["value"]
    if knee is not None:
        axis.axvline(knee, color=VERMILION, linestyle=":", label=f"knee {knee:.3g}")
    return finish(axis, "update curve", "gradient |g|", "update |U(g)|")


def _at_least_a_decade(axis: Axes) -> None:
    """Widen a logarithmic vertical axis, so that a flat line looks flat."""
    low, high = axis.get_ylim()
    if high / low < 10:
        axis.set_ylim(low / 10**0.5, high * 10**0.5)


def schedule(axis: Axes, values: Mapping[str, Any]) -> bool:
    rates = array(values, "rates")
    if not len(rates):
        return False
    axis.plot(np.arange(len(rates)), rates, "-", color=BLUE)
    peak = values["peak_step"]["value"]
    axis.plot(peak, rates[peak], "o", color=VERMILION, label=f"peak {rates[peak]:.3g}, step {peak}")
    axis.set_ylim(min(0, 1.1 * rates.min()), max(0, 1.1 * rates.max()) or None)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    return finish(axis, "schedule: rate without gradients", "step", "rate −∂dx/∂g")


def adaptation(axis: Axes, values: Mapping[str, Any]) -> bool:
    gradients = array(values, "gradients")
    if not len(gradients):
        return False
    arms = {name: array(values, name).reshape(-1, len(gradients)) for name in ("at_zero", "centred")}
    lines = (
        *zip(arms["at_zero"], ("lasting g > 0", "lasting g < 0"), ("o-", "s-"), (VERMILION, BLUE), strict=False),
        *zip(arms["centred"], ("g > 0, centered", "g < 0, centered"), ("o:", "s:"), (VERMILION, BLUE), strict=False),
        (array(values, "alternating_rates"), "alternating ±g", "^--", ORANGE),
        (array(values, "random_rates"), "random g", "v-.", GREEN),
    )
    for rates, label, style, color in lines:
        shown = np.isfinite(rates) & (rates > 1e-8)
        if shown.any():
            axis.loglog(gradients[shown], rates[shown], style, color=color, markersize=3.5, linewidth=1.3, label=label)
    axis.axhline(1, color=GRAY, linewidth=0.6)
    _at_least_a_decade(axis)
    return finish(axis, "adaptation: rate after gradients", "size of gradient |g|", "rate (over that at rest)")
