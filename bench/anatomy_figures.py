"""The five figures of an anatomy in the order of Maheswaranathan et al. (2021), drawn from what `gather` measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bench import anatomy_states as states
from bench.anatomy_drawing import (
    BLUE,
    COLORS,
    DARK,
    DASHES,
    GRAY,
    GREEN,
    ORANGE,
    PURPLE,
    VERMILION,
    End,
    array,
    at_least_a_decade,
    canvas,
    dress,
    label_ends,
    legend,
    message,
    spans_decades,
    value,
)

Found = Mapping[str, Any]
ALIKE = 0.02
"""Relative distance of two kernels up to which one is drawn for both."""


def figures(found: Found) -> dict[str, Figure]:
    """{name: figure}; those of an optimizer that could not be probed say why."""
    inside: dict[str, Callable[[Found], Figure]] = {
        "2-dynamics": dynamics,
        "3-update": update,
        "4-schedule": schedule,
        "5-adaptation": adaptation,
    }
    made = {"1-curves": curves(found)}
    for name, draw in inside.items():
        made[name] = draw(found) if found["portrait"] else _nothing(found)
    return made


def _nothing(found: Found) -> Figure:
    figure = canvas(1.6)
    message(figure.subplots(), "", f"{found['optimizer']} cannot be probed: {found['reason']}")
    return figure


def curves(found: Found) -> Figure:
    """1: mean loss ± s.e.m. over problems, the optimizer thick, the tuned baselines thin."""
    figure = canvas(4.6)
    axis = figure.subplots()
    below = min(found["floor"], 0.0)
    ends, lowest, start = [], np.inf, 0.0
    for i, curve in enumerate(found["curves"]):
        steps, mean, sem = (array(curve[name]) for name in ("steps", "mean", "sem"))
        color, width = COLORS[i], 2.8 if i == 0 else 1.5
        axis.plot(steps, mean, color=color, linestyle=DASHES[i], linewidth=width, zorder=4 - 0.1 * i)
        axis.fill_between(steps, mean - sem, mean + sem, color=color, alpha=0.2, linewidth=0)
        lowest, start = min(lowest, mean[mean > 0].min(initial=np.inf)), max(start, mean[0])
        ends.append(End(steps[-1], mean[-1], _curve_label(curve, i == 0), color))
    axis.set_yscale("log")
    highest = max(float(array(curve["mean"]).max()) for curve in found["curves"])
    top = min(2 * highest, 100 * start)
    axis.set_ylim(max(lowest, 1e-14 * start) / 2, top)
    axis.set_xlim(0, steps[-1])
    axis.margins(0)
    axis.grid(color="0.92", linewidth=0.6)
    what = "loss" if below == 0 else f"loss − ({below:.4g})"
    seeds = found["budget"]["seeds"]
    title = f"{found['optimizer']} on {found['task']}: mean of {seeds} problems ± s.e.m."
    dress(axis, title, "gradient evaluations", f"mean {what}")
    figure.canvas.draw()
    label_ends(axis, [end._replace(y=min(max(end.y, axis.get_ylim()[0]), top)) for end in ends])
    return figure


def _curve_label(curve: Found, learned: bool) -> str:
    lost = f" ({curve['diverged']} diverged)" if curve["diverged"] else ""
    return f"{curve['name']}{lost}" if learned else f"tuned {curve['name']}{lost}"


def dynamics(found: Found) -> Figure:
    """2: state space, eigenvalues at rest, kernel with its fit and the kernels along the drift."""
    figure = canvas(7.6)
    grid = figure.add_gridspec(2, 2, width_ratios=(1.25, 1), height_ratios=(1.25, 1))
    states.state_space(figure.add_subplot(grid[0, 0]), found["portrait"])
    states.spectrum(figure.add_subplot(grid[0, 1]), found["portrait"]["modes"])
    kernel(figure.add_subplot(grid[1, :]), found["readings"].get("momentum"))
    return figure


def kernel(axis: Axes, reading: Found | None) -> None:
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
    legend(axis, "upper right", ncols=2)


def _fits(axis: Axes, reading: Found | None, lags: np.ndarray) -> None:
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


def apart_from(at_rest: np.ndarray, values: Found) -> list[Found]:
    """The kernels along the drift that differ from that at rest by more than ALIKE of its norm."""
    return [d for d in values.get("drift_kernels") or [] if _distance(d, at_rest) > ALIKE]


def _distance(drift: Found, at_rest: np.ndarray) -> float:
    held = array(drift["kernel"])
    return float(np.linalg.norm(held - at_rest[: len(held)]) / max(np.linalg.norm(at_rest), 1e-300))


def _settled_label(axis: Axes, at_rest: np.ndarray, values: Found) -> None:
    """A line of the legend that names the kernels left out because they are that at rest."""
    drifts = values.get("drift_kernels") or []
    same = [str(d["start"]) for d in drifts if _distance(d, at_rest) <= ALIKE]
    if same:
        axis.plot([], [], " ", label=f"at steps {', '.join(same)}: as at rest, within {ALIKE:.0%}")


def update(found: Found) -> Figure:
    """3: dx(g) at h0, at rest and at visited states over the density of gradients: signed, and in size on log axes."""
    figure = canvas(5.6)
    grid = figure.add_gridspec(2, 2, height_ratios=(3, 1))
    for column, draw in enumerate((_signed, _sizes)):
        above = figure.add_subplot(grid[0, column])
        below = figure.add_subplot(grid[1, column], sharex=above)
        draw(above, below, found)
        above.tick_params(labelbottom=False)
        above.set_xlabel("")
    return figure


def _signed(above: Axes, below: Axes, found: Found) -> None:
    held, density, reading = found["portrait"]["update"], found["portrait"]["density"], found["readings"].get("clipping")
    g = array(held["gradients"])
    reach = reach_of(density, value(reading, "knee"))
    shown = np.abs(g) <= reach
    for i, row in enumerate(held["visited"]):
        label = "visited states" if i == 0 else None
        above.plot(g[shown], array(row)[shown], color=GRAY, linewidth=0.8, label=label)
    initial, rest = array(held["initial"])[shown], array(held["rest"])[shown]
    above.plot(g[shown], initial, linestyle=DASHES[1], color=ORANGE, linewidth=1.8, label="initial state h₀")
    above.plot(g[shown], rest, color=BLUE, linewidth=2.4, label="at rest h*")
    low, high = above.get_ylim()
    slope, limit = value(reading, "slope"), value(reading, "asymptote")
    middle = float(array(held["rest"])[len(g) // 2])
    if slope is not None:
        above.plot(g[shown], middle - slope * g[shown], linestyle=DASHES[2], color="#000000", label="tangent at h*")
    if limit is not None:
        for sign in (-1, 1):
            label = "asymptotes at h*" if sign == 1 else None
            above.axhline(middle + sign * limit, linestyle=DASHES[3], color=VERMILION, linewidth=1, label=label)
        low, high = min(low, middle - 1.1 * limit), max(high, middle + 1.1 * limit)
    if np.isfinite([low, high]).all():
        above.set_ylim(low, high)
    above.set_xlim(-reach, reach)
    dress(above, "update curves", "", "update dx(g; h)")
    legend(above, "best", fontsize=7.5)
    edges, share = _linear_cells(density, reach)
    below.stairs(share, edges, fill=True, color=GRAY)
    beyond = 1 - share.sum() / 100
    outside = f"; {100 * beyond:.2g} % lie outside" if beyond > 5e-4 else ""
    _log_counts(below, share)
    dress(below, "", f"gradient g of one parameter{outside}", "visited (%)")


def reach_of(density: Found, knee: float | None) -> float:
    """Half width of the signed panel: four knees, where gradients got so far, else the largest gradient met."""
    largest = float(density["largest"])
    return min(4 * knee, largest) if knee is not None else largest


def _linear_cells(density: Found, reach: float) -> tuple[np.ndarray, np.ndarray]:
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


def _sizes(above: Axes, below: Axes, found: Found) -> None:
    held, density, reading = found["portrait"]["update"], found["portrait"]["density"], found["readings"].get("clipping")
    half = len(held["gradients"]) // 2
    g = array(held["gradients"])[half + 1 :]
    for i, row in enumerate(held["visited"]):
        label = "visited states" if i == 0 else None
        above.loglog(g, _odd(row), color=GRAY, linewidth=0.8, label=label)
    above.loglog(g, _odd(held["initial"]), linestyle=DASHES[1], color=ORANGE, linewidth=1.8, label="initial state h₀")
    above.loglog(g, _odd(held["rest"]), color=BLUE, linewidth=2.4, label="at rest h*")
    low, high = above.get_ylim()
    slope, limit, knee = (value(reading, name) for name in ("slope", "asymptote", "knee"))
    if slope:
        above.loglog(g, np.abs(slope) * g, linestyle=DASHES[2], color="#000000", label="tangent at h*")
    if limit is not None:
        above.axhline(limit, linestyle=DASHES[3], color=VERMILION, linewidth=1, label="asymptote at h*")
    if knee is not None:
        for axis in (above, below):
            label = f"knee {knee:.3g}" if axis is above else None
            axis.axvline(knee, linestyle=DASHES[4], color=VERMILION, linewidth=1, label=label)
    above.set_ylim(low, max(high, 1.5 * (limit or 0)))
    at_least_a_decade(above)
    dress(above, "their odd part, (dx(−g) − dx(g)) / 2", "", "size of update")
    legend(above, "best", fontsize=7.5)
    share = 100 * (array(density["positive"]) + array(density["negative"])) / density["total"]
    below.stairs(share, array(density["edges"]), fill=True, color=GRAY)
    _log_counts(below, share)
    above.set_xlim(g[0], g[-1])
    smaller = 100 * density["below"] / density["total"]
    beside = f"; {smaller:.2g} % are smaller" if smaller > 0.05 else ""
    dress(below, "", f"size |g| of gradients{beside}", "visited (%)")


def _odd(row: Any) -> np.ndarray:
    """|dx(−g) − dx(g)| / 2 at the positive gradients, of a curve over both signs."""
    full = array(row)
    odd = np.abs(full[::-1] - full)[len(full) // 2 + 1 :] / 2
    return np.where(odd > 0, odd, np.nan)


def _log_counts(axis: Axes, share: np.ndarray) -> None:
    axis.set_yscale("log")
    least = share[share > 0].min(initial=1.0)
    axis.set_ylim(least / 2, max(2 * share.max(initial=1.0), 10 * least))


def schedule(found: Found) -> Figure:
    """4: the rate without gradients, beside that of tuned momentum; and the lasting rate, from the drift's kernels."""
    figure = canvas(4.2)
    left, right = figure.subplots(1, 2)
    _rates(left, found["readings"].get("schedule"), states.tuned_rate(found))
    _gains(right, found["readings"].get("momentum"), states.tuned_gain(found))
    return figure


def _rates(axis: Axes, reading: Found | None, tuned: float | None) -> None:
    title = "rate without gradients, −∂dx/∂g at g = 0"
    rates = array(((reading or {}).get("values") or {}).get("rates"))
    if not len(rates):
        message(axis, title, (reading or {}).get("sentence", "the schedule probe was not run"))
        return
    axis.plot(np.arange(len(rates)), rates, color=BLUE, linewidth=2.4, label="no gradients, from h₀")
    runs = [at for at in reading["values"].get("run_rates") or [] if at.get("value") is not None]
    if runs:
        steps, middle = [at["step"] for at in runs], array([at["value"] for at in runs])
        low, high = (array([at[name] for at in runs]) for name in ("low", "high"))
        label = "in real runs: median, quartiles"
        bars = np.clip([middle - low, high - middle], 0, None)
        axis.errorbar(steps, middle, bars, fmt="s", color=DARK, markersize=3.5, linewidth=1, capsize=2, label=label)
    peak = value(reading, "peak_step")
    if peak is not None and 0 < peak < len(rates) - 1:
        text = f"peak {rates[int(peak)]:.3g}, step {int(peak)}"
        axis.plot(peak, rates[int(peak)], "v", color=VERMILION, markersize=7, label=text, zorder=5)
    _reference(axis, tuned, "tuned momentum's learning rate")
    _rate_axis(axis, rates)
    dress(axis, title, "step", "rate (update / gradient)")
    legend(axis)


def _gains(axis: Axes, reading: Found | None, tuned: float | None) -> None:
    title = "lasting rate Σ K(t₀, j) of a gradient at step t₀"
    drifts = ((reading or {}).get("values") or {}).get("drift_kernels") or []
    if not drifts:
        message(axis, title, (reading or {}).get("sentence", "the momentum probe was not run"))
        return
    gains = array([drift["gain"] for drift in drifts])
    axis.plot([drift["start"] for drift in drifts], gains, "o-", color=BLUE, linewidth=1.8, label="no gradients, from h₀")
    _reference(axis, tuned, "tuned momentum's α / (1 − β)")
    _rate_axis(axis, gains)
    dress(axis, title, "step t₀", "sum of updates / gradient")
    legend(axis)


def _reference(axis: Axes, tuned: float | None, label: str) -> None:
    if tuned is not None:
        axis.axhline(tuned, linestyle=DASHES[1], color="#000000", linewidth=1.3, label=f"{label}, {tuned:.3g}")


def _rate_axis(axis: Axes, rates: np.ndarray) -> None:
    """Logarithmic where the rates and the reference span more than a decade, else from 0."""
    drawn = np.concatenate([np.asarray(line.get_ydata(), float) for line in axis.lines])
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    if spans_decades(drawn):
        axis.set_yscale("log")
        return
    low, high = np.nanmin(np.append(drawn, 0.0)), np.nanmax(np.append(drawn, 0.0))
    axis.set_ylim(1.12 * low, 1.12 * high if high > 0 else None)


def adaptation(found: Found) -> Figure:
    """5: the arms of fixed points under constant gradients, their rates, and update curves along them."""
    figure = canvas(7.8)
    axes = figure.subplots(2, 2)
    states.arms_in_space(axes[0, 0], found["portrait"])
    states.rates_along_arms(axes[0, 1], found)
    states.arm_curves(axes[1, 0], found["portrait"]["arm_curves"], -1)
    states.arm_curves(axes[1, 1], found["portrait"]["arm_curves"], 1)
    return figure
