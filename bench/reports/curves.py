"""Pictures of stored results, for color-blind readers and for black-and-white print."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.records.record import Record
from bench.scores.results import Results, finished, load, runs_of

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#000000", "#56B4E9", "#7F7F7F")
"""Okabe and Ito (2008), a gray in place of the yellow that white paper swallows."""
_THICK: tuple[Any, ...] = ("-", (0, (3.5, 1)), (0, (3.5, 1, 0.8, 1)), (0, (1.2, 0.8)))
_THIN: tuple[Any, ...] = ((0, (5, 2)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)), "-", (0, (9, 3)), (0, (3, 1, 1, 1, 1, 1)))
_FLOOR = 1e-14
"""Ratios below are drawn here: float32 tasks in shifted form reach an exact 0."""
MANY = 12
"""Entries beyond which a panel names its best ones only."""
NAMED = 5
"""Entries that such a panel names: the best, the best learned one among them."""


def plot_curves(out: Any, path: Path | str) -> Path:
    """One panel per task: median loss / initial loss over seeds with its 25–75 % band, against steps.

    Learned entries are thick, the others thin. With more than MANY entries a panel shows its best in color and the rest
    in gray; oracles are dotted. Raises UserError if `path` cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    results = load(out)
    columns = _columns(len(results.tasks))
    rows = -(-len(results.tasks) // columns)
    many = len(results.optimizers) > MANY
    below = 0.3 if many else 0.2 * -(-len(results.optimizers) // 4)
    height = (3.4 if many else 2.75) * rows + below
    figure = Figure(figsize=(3.4 * columns + 0.4, height), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False)
    styles = _styles(results)
    handles: dict[str, Any] = {}
    for panel, task in zip(panels.flat, results.tasks, strict=False):
        shown = _best_styles(results, task) if many else styles
        handles |= _panel(panel, results, task, shown)
        if many:
            _name_the_best(panel)
    for panel in panels.flat[len(results.tasks) :]:
        panel.remove()
    for row in panels:
        row[0].set_ylabel("loss / initial loss")
    if many:
        figure.supxlabel(f"in color: the {NAMED} best of each task; gray: the others; dotted: oracles", fontsize=8)
    else:
        named = [name for name in styles if name in handles]
        figure.legend(
            [handles[name] for name in named],
            named,
            loc="outside lower center",
            ncols=min(4, 1 + columns),
            frameon=False,
            fontsize=8,
            handlelength=3.5,
        )
    return _save(figure, Path(path))


def _columns(tasks: int) -> int:
    """Panels side by side: at most 3, more where the picture would become a scroll."""
    return min(tasks, 3 if tasks <= 9 else 4 if tasks <= 16 else 6)


def _best_styles(results: Results, task: str) -> dict[str, dict[str, Any]]:
    """Line style by optimizer on one task of many entries: the best in color, in order, then the others in gray."""
    scored = [
        (float(np.mean(runs_of(record, None).mean_log)), record.cell.optimizer)
        for record in results.of_task(task)
        if record is not None and finished(record)
    ]
    order = [name for _, name in sorted(scored) if results.kind(name) != "oracle"]
    learned = [name for name in order if results.kind(name) == "learned"][:1]
    best = order[:NAMED] if set(learned) <= set(order[:NAMED]) else [*order[: NAMED - 1], *learned]
    styles: dict[str, dict[str, Any]] = {}
    for i, name in enumerate(best):
        line = {"linewidth": 2.6, "zorder": 3.5} if results.kind(name) == "learned" else {"linewidth": 1.3, "zorder": 3}
        styles[name] = {"color": COLORS[i], "linestyle": _THIN[i], **line}
    for _, name in sorted(scored):
        oracle = results.kind(name) == "oracle"
        plain = {"color": "0" if oracle else "0.75", "linestyle": ":" if oracle else "-"}
        styles.setdefault(name, {**plain, "linewidth": 1.2 if oracle else 0.6, "zorder": 2})
    return styles


def _name_the_best(panel: Any) -> None:
    best = [line for line in panel.lines if line.get_zorder() >= 3]
    oracles = [line for line in panel.lines if line.get_linestyle() == ":"][:1]
    labels = [*(line.get_label() for line in best), *("oracles" for _ in oracles)]
    panel.legend(
        [*best, *oracles],
        labels,
        loc="upper left",
        bbox_to_anchor=(-0.16, -0.22),
        ncols=2,
        fontsize=7,
        frameon=False,
        handlelength=3,
        borderpad=0.2,
        labelspacing=0.2,
        columnspacing=1.0,
    )


def relative(record: Record) -> tuple[np.ndarray, np.ndarray]:
    """Recorded steps (K,), and the 25, 50 and 75 % quantiles over seeds of loss / initial loss (3, K).

    A loss that is not finite counts as infinite, so that a quantile over many diverged runs leaves the picture.
    """
    runs = runs_of(record, None)
    losses = np.asarray(runs.losses, "float64")
    with np.errstate(all="ignore"):
        ratio = losses / losses[:, :1]
    ratio = np.where(np.isfinite(ratio), np.maximum(ratio, _FLOOR), np.inf)
    return runs.steps, np.quantile(ratio, [0.25, 0.5, 0.75], axis=0, method="inverted_cdf")


def _styles(results: Results) -> dict[str, dict[str, Any]]:
    """Line style by optimizer, learned ones first and drawn on top."""
    order = sorted(results.optimizers, key=lambda name: (results.kind(name) != "learned", name))
    colors, thick, thin = cycle(COLORS), cycle(_THICK), cycle(_THIN)
    styles = {}
    for name in order:
        learned = results.kind(name) == "learned"
        line = {"linewidth": 2.6, "zorder": 3} if learned else {"linewidth": 1.2, "zorder": 2}
        dashes = next(thick if learned else thin)
        styles[name] = {"color": next(colors), "linestyle": dashes, **line}
    return styles


def _panel(panel: Any, results: Results, task: str, styles: Mapping[str, Any]) -> dict[str, Any]:
    """Draw a task's curves -> {optimizer: its line}."""
    lines, lowest, last = {}, 1.0, 1
    for name, style in styles.items():
        record = results.records.get((task, name))
        if record is None or not finished(record):
            continue
        steps, (low, middle, high) = relative(record)
        (lines[name],) = panel.plot(steps, middle, label=name, **style)
        faint = 0.16 if style["linewidth"] > 2 else 0.08
        if style["linewidth"] >= 1:
            panel.fill_between(steps, low, high, color=style["color"], alpha=faint, linewidth=0, zorder=1)
        lowest, last = min(lowest, float(low.min())), int(steps[-1])
    panel.set(yscale="log", title=task, xlabel="gradient evaluations")
    panel.set_ylim(max(_FLOOR, lowest) / 2, _top(panel))
    panel.set_xlim(0, last)
    panel.locator_params(axis="x", nbins=5, integer=True)
    _label_decades(panel)
    panel.grid(color="0.9", linewidth=0.6)
    panel.title.set_fontsize(10)
    panel.spines[["top", "right"]].set_visible(False)
    return lines


def _label_decades(panel: Any) -> None:
    """Powers of ten, and 2 and 5 times them where there would be few."""
    from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullLocator

    low, high = panel.get_ylim()
    if high / low > 300:
        panel.yaxis.set_minor_locator(NullLocator())
        return
    panel.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    panel.yaxis.set_minor_formatter(LogFormatterSciNotation(minor_thresholds=(np.inf, np.inf)))


def _top(panel: Any) -> float:
    """Just above the start, unless medians rise: then up to a hundred times it."""
    highest = max(
        (float(np.max(line.get_ydata()[np.isfinite(line.get_ydata())], initial=1)) for line in panel.lines), default=1
    )
    return min(max(2.0, 1.5 * highest), 100.0)


def _save(figure: Any, path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=160 if len(figure.axes) <= 9 else 90)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}; choose another folder") from None
    return path
