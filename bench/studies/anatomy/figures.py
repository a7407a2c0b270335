"""The five figures of an anatomy in the order of Maheswaranathan et al. (2021), drawn from what `gather` measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bench.lookup import canvas as paper
from bench.lookup.appearance import look
from bench.records.record import Budget
from bench.reports.pictures import curves as paper_curves
from bench.reports.pictures import shown
from bench.reports.tables import settings
from bench.scores.numbers import significant
from bench.studies.anatomy import arms, states
from bench.studies.anatomy.drawing import (
    BLUE,
    DARK,
    VERMILION,
    WIDTH,
    End,
    Measured,
    array,
    canvas,
    dress,
    label_ends,
    legend_below,
    message,
    name,
    reference,
    spans_decades,
    value,
)
from bench.studies.anatomy.kernel import kernel
from bench.studies.anatomy.update import update
from bench.terminal import counted


def figures(found: Measured) -> dict[str, Figure]:
    """{name: figure}; those of an optimizer that could not be probed say why."""
    inside: dict[str, Callable[[Measured], Figure]] = {
        "2-dynamics": dynamics,
        "3-update": update,
        "4-schedule": schedule,
        "5-adaptation": adaptation,
    }
    made = {"1-curves": curves(found)}
    for title, draw in inside.items():
        made[title] = draw(found) if found["portrait"] else _nothing(found)
    return {title: name(figure, found) for title, figure in made.items()}


def _nothing(found: Measured) -> Figure:
    figure = canvas(2.0)
    message(figure.subplots(), "", f"{found['optimizer']} cannot be probed: {found['reason']}")
    return figure


def curves(found: Measured) -> Figure:
    """1: median and 25–75 % over problems of the loss above the floor, the optimizer thick, tuned baselines thin."""
    figure = canvas(5.2)
    axis = figure.subplots()
    ends, lowest = [], 1.0
    for i, curve in enumerate(found["curves"]):
        steps, low, median, high = (infinite(curve[name]) for name in ("steps", "low", "median", "high"))
        its = look(curve["name"]).line()
        color, width = its["color"], 1.5 if i else 2.8
        every = shown.markevery(curve["name"], steps)
        axis.plot(steps, median, **its, markersize=5, markevery=every, linewidth=width, zorder=4 - 0.1 * i)
        axis.fill_between(steps, low, high, color=color, alpha=0.12 if i else 0.2, linewidth=0)
        lowest = min(lowest, float(np.min(low)))
        ends.append(End(steps[-1], median[-1], _curve_label(curve, i > 0 or found["tuned"]), color))
    heights = np.concatenate([infinite(curve["median"]) for curve in found["curves"]])
    top = min(2 * float(heights[np.isfinite(heights)].max()), paper_curves.TOP)
    axis.set_ylim(lowest / 2, top)
    axis.set_xlim(0, steps[-1])
    paper.logarithmic(axis)
    axis.grid(color="0.92", linewidth=0.6)
    dress(axis, _about_curves(found), "gradient evaluations", paper_curves.LOSS)
    figure.canvas.draw()
    label_ends(axis, [end._replace(y=float(np.clip(end.y, axis.get_ylim()[0], top))) for end in ends])
    return figure


def infinite(values: Sequence[float | None]) -> np.ndarray:
    """Plain lists as floats, None as infinite: what has left the numbers."""
    return np.array([np.inf if value is None else value for value in values], float)


def _about_curves(found: Measured) -> str:
    budget = found["budget"]
    tuned = f"for {found['metric']} by {shown.tuning([Budget(**budget)])}"
    floor = f" The floor is {significant(found['floor'], 4)}.".replace("-", "−") if found["floor"] else ""
    thetas = "; ".join(
        f"{curve['name']}, {settings(theta)}"
        for curve in found["curves"]
        if (theta := {k: v for k, v in sorted(curve["theta"].items()) if v is not None})
    )
    said = f"Median of {counted(budget['seeds'], 'problem')}, band: 25–75 %.{floor} Tuned {tuned}: {thetas}."
    return paper.fitted(said, 0.82 * WIDTH, 10.5)


def _curve_label(curve: Measured, tuned: bool) -> str:
    lost = f"\n({curve['diverged']} diverged)" if curve["diverged"] else ""
    return f"{'tuned ' if tuned else ''}{paper.fitted(curve['name'], 2.2, 9)}{lost}"


def dynamics(found: Measured) -> Figure:
    """2: state space, eigenvalues at rest, kernel with its fit and the kernels along the drift."""
    figure = canvas(8.6)
    grid = figure.add_gridspec(2, 2, width_ratios=(1.25, 1), height_ratios=(1.25, 1))
    states.state_space(figure.add_subplot(grid[0, 0]), found["portrait"])
    states.spectrum(figure.add_subplot(grid[0, 1]), found["portrait"]["modes"])
    kernel(figure.add_subplot(grid[1, :]), found["readings"].get("momentum"))
    return figure


def schedule(found: Measured) -> Figure:
    """4: the rate without gradients, beside that of tuned momentum; and the lasting rate, from the drift's kernels."""
    figure = canvas(5.2)
    left, right = figure.subplots(1, 2)
    _rates(left, found["readings"].get("schedule"), arms.tuned_rate(found))
    _gains(right, found["readings"].get("momentum"), arms.tuned_gain(found))
    return figure


def _rates(axis: Axes, reading: Measured | None, tuned: float | None) -> None:
    title = "rate without gradients, −∂dx/∂g at g = 0"
    values = (reading or {}).get("values") or {}
    rates = array(values.get("rates"))
    if not len(rates):
        message(axis, title, (reading or {}).get("sentence", "the schedule probe was not run"))
        return
    axis.plot(np.arange(len(rates)), rates, color=BLUE, linewidth=2.4, label="no gradients, from h₀")
    runs = [at for at in values.get("run_rates") or [] if at.get("value") is not None]
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
    reference(axis, tuned, "tuned momentum's learning rate")
    _rate_axis(axis, rates)
    dress(axis, title, "step", "rate (update / gradient)")
    legend_below(axis, 1)


def _gains(axis: Axes, reading: Measured | None, tuned: float | None) -> None:
    title = "lasting rate Σ K(t₀, j) of a gradient at step t₀"
    drifts = ((reading or {}).get("values") or {}).get("drift_kernels") or []
    if not drifts:
        message(axis, title, (reading or {}).get("sentence", "the momentum probe was not run"))
        return
    gains = array([drift["gain"] for drift in drifts])
    steps = [drift["start"] for drift in drifts]
    axis.plot(steps, gains, "o", color=BLUE, markersize=7, label=f"no gradients, from h₀, at {len(steps)} steps")
    reference(axis, tuned, "tuned momentum's α / (1 − β)")
    _rate_axis(axis, gains)
    dress(axis, title, "step t₀", "sum of updates / gradient")
    legend_below(axis, 1)


def _rate_axis(axis: Axes, rates: np.ndarray) -> None:
    """Logarithmic where the rates and the reference span more than a decade, else from 0."""
    drawn = np.concatenate([np.asarray(line.get_ydata(), float) for line in axis.lines])
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    if spans_decades(drawn):
        kept = drawn[np.isfinite(drawn)]
        axis.set_ylim(kept.min() / 1.3, kept.max() * 1.3)
        paper.logarithmic(axis)
        return
    low, high = np.nanmin(np.append(drawn, 0.0)), np.nanmax(np.append(drawn, 0.0))
    axis.set_ylim(1.12 * low, 1.12 * high if high > 0 else None)


def adaptation(found: Measured) -> Figure:
    """5: the arms of fixed points under constant gradients, their rates, and update curves along them."""
    figure = canvas(9.6)
    axes = figure.subplots(2, 2)
    arms.arms_in_space(axes[0, 0], found["portrait"])
    arms.rates_along_arms(axes[0, 1], found)
    arms.arm_curves(axes[1, 0], found["portrait"]["arm_curves"], -1)
    arms.arm_curves(axes[1, 1], found["portrait"]["arm_curves"], 1)
    arms.same_scale(axes[1, 0], axes[1, 1])
    return figure
