"""Paper for pictures: panels, legends beside the data and never over it, texts that fit, log axes one can read."""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.records.files import write_bytes

FORMATS = ("pdf", "svg", "png")
PANEL = (3.5, 2.75)
"""Inches of one panel with its labels."""
WIDE = (5.6, 3.6)
"""Of the only panel of a picture."""
NARROWEST = 4.6
"""Inches of a figure, for its statement to read well."""
SMALL, TINY = 8.0, 7.0
"""Points."""
_BENEATH = PANEL[0] - 1.1
_LINE = 1.35 / 72
"""Inches that a line of text takes, per point of its size."""
_SIGNS = "-_,;=:/.+@[]()"
"""Where a name may be broken."""
_GRAIN = 6
"""Ticks of a logarithmic axis at most."""


def sheet(
    count: int, columns: int | None = None, panel: tuple[float, float] = PANEL, heights: Sequence[float] | None = None
) -> tuple[Any, list[Any]]:
    """A figure and `count` panels in rows, of equal `heights` unless given; what `finish` adds makes it higher."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    across = min(count, columns or across_for(count))
    rows = -(-count // across)
    size = (max(panel[0] * across + 0.3, NARROWEST), panel[1] * rows)
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    panels = list(figure.subplots(rows, across, squeeze=False, height_ratios=heights).flat)
    for panel_left in panels[count:]:
        panel_left.remove()
    for axes in panels[:count]:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="0.92", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(which="both", labelsize=SMALL)
    return figure, panels[:count]


def across_for(count: int) -> int:
    """Panels side by side: at most 3, or 4 where the picture would become a scroll."""
    return min(count, 3 if count <= 9 else 4)


def title(axes: Any, text: str, inches: float = PANEL[0] - 0.7) -> None:
    axes.set_title(fitted(text, inches, 9.5), fontsize=9.5, loc="left", parse_math=False)


def finish(figure: Any, lines: Mapping[str, Any], statement: str) -> Any:
    """The legend of {name: line} below all panels, and above them what the picture shows."""
    width, height = figure.get_size_inches()
    if lines:
        room = min(max(inches_of(name, SMALL) for name in lines), 5.0)
        names = [fitted(name, room + 0.01, SMALL) for name in lines]
        each = room + 6.2 * SMALL / 72
        width = max(width, each + 0.2)
        columns = min(len(lines), max(1, int((width - 0.1) / each)))
        below = -(-len(lines) // columns) * max(1 + name.count("\n") for name in names)
        height += below * SMALL * _LINE * 1.1 + 0.12
        figure.set_size_inches(width, height)
        legend = figure.legend(
            list(lines.values()),
            [" "] * len(lines),
            loc="outside lower center",
            ncols=columns,
            frameon=False,
            fontsize=SMALL,
            handlelength=4,
            columnspacing=1.2,
            labelspacing=0.3,
        )
        write(legend, names)
    said = fitted(statement, 0.95 * width - 0.2, SMALL)
    figure.set_size_inches(width, height + (1 + said.count("\n")) * SMALL * _LINE + 0.05)
    figure.suptitle(said, x=0.1 / width, ha="left", fontsize=SMALL, color="0.25", parse_math=False, linespacing=1.25)
    return figure


def beneath(axes: Any, lines: Mapping[str, Any], inches: float = _BENEATH) -> None:
    """A panel's own legend of {name: line}, below the label of its horizontal axis."""
    from matplotlib.transforms import ScaledTranslation

    below = axes.transAxes + ScaledTranslation(-0.3, -0.46, axes.figure.dpi_scale_trans)
    legend = axes.legend(
        list(lines.values()),
        [" "] * len(lines),
        loc="upper left",
        bbox_to_anchor=(0, 0),
        bbox_transform=below,
        fontsize=TINY,
        frameon=False,
        handlelength=4,
        borderpad=0,
        labelspacing=0.25,
    )
    write(legend, [fitted(name, inches, TINY) for name in lines])


def height_beneath(names: Sequence[str]) -> float:
    """Inches that `beneath` takes for these."""
    return 0.1 + sum(1.25 + fitted(name, _BENEATH, TINY).count("\n") for name in names) * TINY * _LINE


def write(legend: Any, names: Sequence[str]) -> None:
    """Put names into a legend as they are: no formula between two $, nothing hidden by an underscore in front."""
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_parse_math(False)
        text.set_text(name)


def rows_of(axes: Any, names: Sequence[str], inches: float = 4.6) -> None:
    """Names as labels of rows 0, 1 …, the first on top."""
    axes.set_yticks(range(len(names)), [fitted(name, inches, SMALL) for name in names], fontsize=SMALL)
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    axes.set_ylim(len(names) - 0.4, -0.6)


def widest(names: Sequence[str], most: float = 4.6) -> float:
    """Inches that the longest of the names takes as `rows_of` writes it."""
    return min(max(inches_of(name, SMALL) for name in names), most)


def fitted(text: str, inches: float, size: float) -> str:
    """`text` in lines of at most so many inches, broken at spaces, else at signs, else anywhere: never cut."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}".strip()
        if inches_of(joined, size) <= inches:
            lines[-1] = joined
            continue
        lines += [] if lines == [""] else [""]
        for letter in word:
            if lines[-1] and inches_of(lines[-1] + letter, size) > inches:
                kept = _break(lines[-1])
                lines[-1:] = [lines[-1][:kept], lines[-1][kept:]]
            lines[-1] += letter
    return "\n".join(lines)


def _break(line: str) -> int:
    """How much of a full line to keep: up to the last sign in its second half, or all of it."""
    return max((i + 1 for i, letter in enumerate(line) if letter in _SIGNS and i > len(line) / 2), default=len(line))


@functools.lru_cache(maxsize=10_000)
def inches_of(text: str, size: float) -> float:
    """Width of a line of text in so many points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    return text_to_path.get_text_width_height_descent(text, FontProperties(size=size), False)[0] / 72


def logarithmic(axes: Any, which: str = "y") -> None:
    """Make an axis with its final limits logarithmic, with at least two ticks that have a label."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    getattr(axes, f"set_{which}scale")("log")
    axis = getattr(axes, f"{which}axis")
    ticks = log_ticks(*getattr(axes, f"get_{which}lim")())
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten within, simple multiples of them where they are fewer than three, else round numbers: never one."""
    low, high = min(low, high), max(low, high)
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first >= 2:
        every = -(-(last - first + 1) // _GRAIN)
        return [10.0**power for power in range(first, last + 1) if power % every == 0]
    inside: list[float] = []
    for parts in ((1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        found = [m * 10.0**power for power in range(first - 1, last + 1) for m in parts]
        inside = inside if len(inside) > 2 else [v for v in found if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]
    return inside if len(inside) > 1 else _round(low, high)


def _round(low: float, high: float) -> list[float]:
    from matplotlib.ticker import MaxNLocator

    for count in (3, 5, 8):
        values = [float(v) for v in MaxNLocator(count).tick_values(low, high) if low <= v <= high]
        if len(values) > 1:
            break
    return values


def tick(value: float) -> str:
    """A number at a tick: plain from 0.001 to 9999, otherwise by its power of ten."""
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{float(f'{value:.4g}'):g}".replace("-", "−")
    power = math.floor(math.log10(abs(value)) + 1e-9)
    factor = float(f"{value / 10.0**power:.4g}")
    return f"$10^{{{power}}}$" if factor == 1 else f"${factor:g}\\cdot10^{{{power}}}$"


def many_decades(values: Any, least: float = 1.0) -> bool:
    """Whether all finite values are above 0 and reach over more than so many powers of ten."""
    kept = np.asarray(values, float)
    kept = kept[np.isfinite(kept)]
    return bool(len(kept)) and kept.min() > 0 and float(np.log10(kept.max() / kept.min())) > least


def checked(path: Path | str) -> Path:
    """`path`, refused unless its ending is a format. Raises UserError."""
    path = Path(path)
    if path.suffix.lower().removeprefix(".") not in FORMATS:
        known = ", ".join(f".{form}" for form in FORMATS)
        raise UserError(f"cannot tell the format of {str(path)!r} from its ending; give one of {known}")
    return path


def save(figure: Any, path: Path | str) -> Path:
    """Write a figure; its ending is the format. Equal figures give equal bytes. Raises UserError."""
    from matplotlib import rc_context

    path = checked(path)
    form = path.suffix.lower().removeprefix(".")
    nameless = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {"Software": None}}[form]
    large = figure.get_size_inches().prod() >= 150
    settings: Any = {"pdf.fonttype": 42, "svg.hashsalt": "optoscope"}
    drawn = io.BytesIO()
    with rc_context(settings):
        figure.savefig(drawn, dpi=110 if large else 160, metadata=nameless, format=form)
    content = drawn.getvalue()
    write_bytes(path, _in_few_colors(content) if large and form == "png" else content)
    return path


def _in_few_colors(content: bytes) -> bytes:
    """A PNG again with 256 colors, which lines do with: a third of the bytes."""
    from PIL import Image

    with Image.open(io.BytesIO(content)) as picture:
        small = picture.convert("RGB").quantize(256)
    buffer = io.BytesIO()
    small.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
