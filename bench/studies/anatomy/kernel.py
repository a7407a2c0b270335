"""The panel of an anatomy that shows kernels: at rest, fitted, and along the drift."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from bench.studies.anatomy.drawing import (
    BLUE,
    DASHES,
    GRAY,
    GREEN,
    ORANGE,
    PURPLE,
    VERMILION,
    Measured,
    array,
    dress,
    legend_below,
    message,
    value,
)

ALIKE = 0.02
"""Relative distance of two kernels up to which one is drawn for both."""


def kernel(axis: Axes, reading: Measured | None) -> None:
    """k_j at rest, the fit α β^j, and K(t₀, j) for gradients given along the drift."""
    title = "kernel: minus the update j steps after a unit gradient"
    values = (reading or {}).get("values") or {}
    at_rest = array(values.get("kernel"))
    if not len(at_rest):
        said = (reading or {}).get("sentence", "the momentum probe was not run")
        message(axis, title, said)
        return
    lags = np.arange(len(at_rest))
    axis.axhline(0, color=GRAY, linewidth=0.7)
    axis.plot(lags, at_rest, "o", color=BLUE, markersize=4.5, label="at rest", zorder=4)
    _fits(axis, reading, lags)
    styles = zip((DASHES * 2)[1:], (ORANGE, GREEN, VERMILION, "#000000", GRAY), strict=False)
    for drift, (style, color) in zip(apart_from(at_rest, values), styles, strict=False):
        held = array(drift["kernel"])
        label = f"gradient at step {drift['start']} of the drift"
        axis.plot(lags[: len(held)], held, linestyle=style, color=color, linewidth=1.6, label=label)
    _settled_label(axis, at_rest, values)
    axis.set_xlim(-0.5, len(lags) - 0.5)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    dress(axis, title, "lag j (steps)", "k$_j$ (update / gradient)")
    legend_below(axis, 3)


def _fits(axis: Axes, reading: Measured | None, lags: np.ndarray) -> None:
    """α β^j, and the damped oscillation where one was fitted."""
    alpha, beta = value(reading, "alpha"), value(reading, "beta")
    if alpha is not None and beta is not None:
        label = f"fit {alpha:.3g} · {beta:.3g}$^j$, R² {value(reading, 'r2') or np.nan:.2f}"
        axis.plot(lags, alpha * beta**lags, "-", color=BLUE, linewidth=1.2, label=label)
    names = ("amplitude", "decay", "period", "phase")
    size, decay, period, phase = (value(reading, f"oscillation_{name}") for name in names)
    if size is None or decay is None or period is None or phase is None:
        return
    wave = size * decay**lags * np.cos(2 * np.pi * lags / period + phase)
    label = f"fit of period {period:.3g}, R² {value(reading, 'oscillation_r2') or np.nan:.2f}"
    axis.plot(lags, wave, linestyle=DASHES[4], color=PURPLE, linewidth=1.4, label=label)


def apart_from(at_rest: np.ndarray, values: Measured) -> list[Measured]:
    """The kernels along the drift that differ from that at rest by more than ALIKE of its norm."""
    return [d for d in values.get("drift_kernels") or [] if _distance(d, at_rest) > ALIKE]


def _distance(drift: Measured, at_rest: np.ndarray) -> float:
    held = array(drift["kernel"])
    size = float(np.linalg.norm(at_rest)) or 1.0
    return float(np.linalg.norm(held - at_rest[: len(held)])) / size


def _settled_label(axis: Axes, at_rest: np.ndarray, values: Measured) -> None:
    """A line of the legend that names the kernels left out because they are that at rest."""
    drifts = values.get("drift_kernels") or []
    same = [str(d["start"]) for d in drifts if _distance(d, at_rest) <= ALIKE]
    if same:
        axis.plot([], [], " ", label=f"at steps {', '.join(same)}: as at rest, within {100 * ALIKE:.0f} %")
