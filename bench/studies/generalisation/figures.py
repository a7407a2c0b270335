"""Heat maps of the matrix, for color-blind readers and for black-and-white print: numbers in every cell.

Blue is better than the best tuned baseline, orange worse; bold says that the interval is wholly below, italic that it
holds no difference; hatched cells have diverged runs; a frame marks what an entry was trained on.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bench.errors import UserError
from bench.records.files import write_bytes
from bench.studies.generalisation.analyze import cell, heading
from bench.studies.generalisation.plan import FAMILIES

_WIDE, _HIGH, _LEFT, _RIGHT, _GAP = 0.68, 0.33, 2.6, 0.75, 0.35
"""Inches: a cell's sides, the margins left and right, and the space between panels."""
_FEWEST = 8
"""Columns that a figure has room for at least: the scale of colors needs it."""
_BETTER, _WORSE = "#0072B2", "#D55E00"
"""Of Okabe and Ito (2008)."""
_DARK = 0.179
"""The luminance against which black and white stand out alike."""


class Measure(NamedTuple):
    """What a heat map shows: a column of the table, where the colors end, and whether it is a ratio."""

    column: str
    title: str
    neutral: float
    ends: tuple[float, float]
    ticks: tuple[float, ...]
    log: bool

    def scaled(self, value: float) -> float:
        """−1 … 1 between the ends, 0 where there is no difference."""
        with np.errstate(divide="ignore"):
            low, here, high = (np.log(x) if self.log else x for x in (self.ends[0], value, self.ends[1]))
        return float(np.clip((here - low) / (high - low), 0, 1) * 2 - 1)


MEASURES = {
    "mean_loss": Measure(
        "ratio", "mean loss: ratio to the best tuned baseline", 1.0, (0.2, 5.0), (0.2, 0.5, 1.0, 2.0, 5.0), True
    ),
    "mean_log": Measure(
        "log10",
        "mean log10 loss: difference to the best tuned baseline",
        0.0,
        (-4.0, 4.0),
        (-4.0, -2.0, 0.0, 2.0, 4.0),
        False,
    ),
}


def draw(frame: pd.DataFrame, out: Path) -> list[Path]:
    """Two files per measure, where there are such panels: entries by tasks, and changes of a task each."""
    wide = frame["panel"] == FAMILIES
    written = []
    for name, measure in MEASURES.items():
        for part, chosen in (("tasks", frame[wide]), ("changes", frame[~wide])):
            if len(chosen):
                path = Path(out) / f"{part}-{name}.png"
                write_bytes(path, picture(chosen, measure))
                written.append(path)
    return written


def picture(frame: pd.DataFrame, measure: Measure) -> bytes:
    """PNG of `panels`."""
    buffer = io.BytesIO()
    panels(frame, measure).savefig(buffer, dpi=160, format="png")
    return buffer.getvalue()


def panels(frame: pd.DataFrame, measure: Measure) -> Any:
    """A Figure with the panels of `frame` below each other, and the scale of colors; columns without a number left out.

    Raises UserError where no cell has one.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = frame[np.isfinite(frame[measure.column])]
    blocks = [_Panel.of(title, part) for title, part in shown.groupby("panel", sort=False)]
    if not blocks:
        raise UserError(f"no cell has a number for {measure.title!r}; see the table for what failed")
    width = _LEFT + _RIGHT + _WIDE * max(_FEWEST, *(len(block.columns) for block in blocks))
    height = 0.75 + sum(block.height + _GAP for block in blocks)
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    top = height - 0.1
    for block in blocks:
        top -= block.head
        _panel(figure, block, measure, top)
        top -= block.height - block.head + _GAP
    _scale(figure, measure)
    return figure


class _Panel(NamedTuple):
    """A block's rows, columns and lines of the table."""

    title: str
    rows: list[str]
    columns: list[str]
    lines: list[dict[str, Any]]
    head: float
    """Inches above the cells."""

    @classmethod
    def of(cls, title: str, part: pd.DataFrame) -> _Panel:
        lines = part.to_dict("records")
        rows = list(dict.fromkeys(line["entry"] for line in lines))
        columns = list(dict.fromkeys(map(heading, lines)))
        slanted = any(line["panel"] == FAMILIES for line in lines)
        longest = max(map(len, columns)) if slanted else 0
        return cls(title, rows, columns, lines, 0.35 + (0.045 * longest if slanted else 0.4))

    @property
    def height(self) -> float:
        return self.head + _HIGH * len(self.rows)


def _panel(figure, panel: _Panel, measure: Measure, top: float) -> None:
    """`panel` with its cells beginning `top` inches above the bottom of the figure."""
    width, height = figure.get_size_inches()
    across, down = len(panel.columns), len(panel.rows)
    box = (_LEFT / width, (top - _HIGH * down) / height, _WIDE * across / width, _HIGH * down / height)
    axes = figure.add_axes(box, xlim=(0, across), ylim=(down, 0))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for line in panel.lines:
        at = panel.columns.index(heading(line)), panel.rows.index(line["entry"])
        _cell(axes, *at, line, measure)
    axes.set_yticks(np.arange(down) + 0.5, [_row_label(panel, row) for row in panel.rows], size=8)
    _between(axes, panel)
    axes.set_xticks([])
    _headings(axes, panel)
    above = (panel.head - 0.05) / (_HIGH * down)
    axes.text(
        (0.1 - _LEFT) / (_WIDE * across),
        1 + above - 0.15 / (_HIGH * down),
        panel.title,
        transform=axes.transAxes,
        size=10,
        weight="bold",
        va="center",
    )


def _cell(axes, x: int, y: int, line: dict[str, Any], measure: Measure) -> None:
    from matplotlib.patches import Rectangle

    value = line[measure.column]
    low, high = line[f"{measure.column}_low"], line[f"{measure.column}_high"]
    face, ink = _colors(measure.scaled(value))
    lost = line["diverged"] > 0
    hatch: dict[str, Any] = {"hatch": "////", "edgecolor": "0.35", "linewidth": 0} if lost else {}
    axes.add_patch(Rectangle((x + 0.015, y + 0.03), 0.97, 0.94, facecolor=face, **hatch))
    if line["trained_on"].split(", ") == [line["task"]] and not line["change"].startswith("horizon"):
        axes.add_patch(Rectangle((x + 0.03, y + 0.06), 0.94, 0.88, fill=False, edgecolor="black", linewidth=1.6))
    text = "\n".join(cell(line, measure.column))
    ground = {"facecolor": face, "edgecolor": "none", "pad": 0.6} if lost else None
    axes.text(
        x + 0.5,
        y + 0.52,
        text,
        ha="center",
        va="center",
        color=ink,
        size=7 if lost else 8,
        linespacing=0.95,
        weight="bold" if high < measure.neutral else "normal",
        style="italic" if low <= measure.neutral <= high else "normal",
        bbox=ground,
    )


def _colors(place: float) -> tuple[tuple[float, ...], str]:
    """Face of a cell at −1 (better) … 1 (worse), and the ink that stands out more against it."""
    from matplotlib.colors import to_rgb

    end = np.array(to_rgb(_BETTER if place < 0 else _WORSE))
    face = 1 - (1 - end) * min(1.0, abs(place))
    return tuple(face.tolist()), "white" if luminance(face) < _DARK else "black"


def luminance(color: Any) -> float:
    """Relative luminance, 0 … 1, of an sRGB color (3,) (Web Content Accessibility Guidelines 2.1, 2018)."""
    color = np.asarray(color)
    linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _row_label(panel: _Panel, row: str) -> str:
    seeds = max(line["meta_seeds"] for line in panel.lines if line["entry"] == row)
    return f"{row}  ({seeds} seeds)" if seeds > 1 else row


def _between(axes, panel: _Panel) -> None:
    """A line above the reference rows."""
    kinds = {line["entry"]: line["kind"] for line in panel.lines}
    at = sum(kinds[row] != "reference" for row in panel.rows)
    axes.axhline(at, color="black", linewidth=0.9, clip_on=False)


def _headings(axes, panel: _Panel) -> None:
    """Names of tasks, slanted; or of changes, what is changed once above its columns."""
    first = {heading(line): line for line in reversed(panel.lines)}
    inch = 1 / _HIGH
    seen: dict[str, list[int]] = {}
    for x, column in enumerate(panel.columns):
        line = first[column]
        if line["panel"] == FAMILIES:
            axes.text(
                x + 0.35, -0.05 * inch, column, size=8, rotation=35, ha="left", va="bottom", rotation_mode="anchor"
            )
            continue
        axes.text(x + 0.5, -0.04 * inch, line["label"], size=7.5, ha="center", va="bottom")
        seen.setdefault(line["change"], []).append(x)
    for change, places in seen.items():
        middle = (places[0] + places[-1] + 1) / 2
        axes.text(middle, -0.23 * inch, change, size=7.5, ha="center", va="bottom", style="italic")
        axes.plot([places[0] + 0.08, places[-1] + 0.92], [-0.2 * inch] * 2, color="0.4", linewidth=0.7, clip_on=False)


def _scale(figure, measure: Measure) -> None:
    """The bar that says which color is which number."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes((_LEFT / width, 0.36 / height, 3.2 / width, 0.13 / height))
    places = np.linspace(-1, 1, 201)
    axes.imshow([[_colors(place)[0] for place in places]], extent=(-1, 1, 0, 1), aspect="auto")
    axes.set_yticks([])
    labels = [f"{tick:g}".replace("-", "−") for tick in measure.ticks]
    labels[0], labels[-1] = f"≤ {labels[0]}", f"≥ {labels[-1]}"
    axes.set_xticks([measure.scaled(tick) for tick in measure.ticks], labels, size=7)
    figure.text(0.08 / width, 0.43 / height, measure.title.replace(": ", ":\n"), size=7.5, va="center")
    figure.text(
        (_LEFT + 3.4) / width,
        0.36 / height,
        "bold: surely better · italic: undecided\nframe: trained on · blank: not raced\n"
        "hatched ✗: diverged, counted as 10⁶",
        size=7.5,
        va="center",
        linespacing=1.3,
    )
