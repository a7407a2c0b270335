"""docs/architecture.md: the folders in order, what each imports, and a drawing of it, all read from the imports."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.records.files import write_bytes

ROOT = Path(__file__).parents[2]
PAGE, DRAWING = ROOT / "docs" / "architecture.md", ROOT / "docs" / "architecture.svg"
ORDER = (
    *("records", "lookup", "scores", "engine", "probes", "suites", "running", "metatraining", "reports", "checks"),
    *("studies", "maintain", "speed", "commands"),
)
"""Folders of `bench`, lowest first: each may import those before it."""
OUTSIDE = ("optimizers", "tasks")
BEGIN, END = "<!-- made by python -m bench maintain architecture -->\n", "<!-- end of what is made -->\n"

Graph = Mapping[str, tuple[str, ...]]
"""{folder: folders it imports}, highest first in both."""


def graph() -> Graph:
    """What each folder of `bench`, and `optimizers` and `tasks` under them, imports anywhere in its files."""
    places = [*reversed(ORDER), *OUTSIDE]
    used = {place: {name for path in _folder(place).rglob("*.py") for name in _imported(path)} for place in places}
    return {place: tuple(other for other in places if other in used[place] - {place}) for place in places}


def current() -> bool:
    """Whether page and drawing on disk are those of today's imports; the drawing holds its imports as words."""
    if not PAGE.is_file() or not DRAWING.is_file():
        return False
    block = _between(PAGE.read_text(encoding="utf-8"))
    return block == "".join(_block(graph())) and _words(graph()) in DRAWING.read_text(encoding="utf-8")


def write() -> None:
    """Put the drawing and the block of the page, which must have its two markers. Raises ValueError without."""
    text, imports = PAGE.read_text(encoding="utf-8"), graph()
    before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    write_bytes(PAGE, f"{before}{''.join(_block(imports))}{after}".encode())
    draw(imports, DRAWING)


def reduced(imports: Graph) -> dict[str, list[str]]:
    """`imports` without those that follow from two others: what is left to draw."""
    reach: dict[str, set[str]] = {}
    for place in reversed(list(imports)):
        reach[place] = set(imports[place]).union(*(reach[other] for other in imports[place]))
    return {
        place: [other for other in below if not any(other in reach[between] for between in below)]
        for place, below in imports.items()
    }


def summary(place: str) -> str:
    """The first sentence of a folder's docstring, on one line."""
    text = ast.get_docstring(ast.parse((_folder(place) / "__init__.py").read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split()).partition(". ")[0].rstrip(".")


def draw(imports: Graph, path: Path) -> None:
    """The folders as boxes, the highest on top, a wire from each to those of `reduced` it imports. Any format."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "architecture", "svg.fonttype": "none", "font.size": 10}):
        figure = _figure(imports)
        metadata = {"Description": _words(imports), "Date": None} if path.suffix == ".svg" else None
        drawn = io.BytesIO()
        figure.savefig(drawn, metadata=metadata, bbox_inches="tight", dpi=80, format=path.suffix.removeprefix("."))
    write_bytes(path, drawn.getvalue())


def _figure(imports: Graph) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 0.55 * len(imports)))
    axes = figure.add_axes((0, 0, 1, 1))
    height = {place: -float(row) for row, place in enumerate(imports)}
    for place, y in height.items():
        style = {"boxstyle": "round,pad=0.35", "facecolor": "0.9" if place in OUTSIDE else "white"}
        axes.text(0, y, f"{place:^14}", family="monospace", weight="bold", ha="center", va="center", bbox=style)
        axes.text(1.5, y, _short(summary(place)), va="center")
    for (place, below), lane in zip(reduced(imports).items(), lanes(reduced(imports)), strict=True):
        _wires(axes, height[place], [height[other] for other in below], -1.5 - 0.45 * lane)
    axes.set(xlim=(-4.5, 11), ylim=(0.6 - len(imports), 0.6))
    axes.set_axis_off()
    return figure


def lanes(below: Mapping[str, list[str]]) -> list[int]:
    """For each folder the lane its wire runs down in: the nearest that no wire beside it takes."""
    rows = {place: row for row, place in enumerate(below)}
    ends: list[int] = []
    chosen = []
    for row, others in enumerate(below.values()):
        lane = next((lane for lane, end in enumerate(ends) if end <= row), len(ends))
        ends[lane : lane + 1] = [max((rows[other] for other in others), default=row)]
        chosen.append(lane)
    return chosen


def _wires(axes: Any, start: float, ends: list[float], x: float) -> None:
    """From a box to the left, down at `x`, and an arrow back to each box below; a dot where a wire turns off."""
    if not ends:
        return
    edge, leaves = -0.97, start - 0.12
    axes.plot([edge, x, x], [leaves, leaves, min(ends) + 0.12], color="black", linewidth=1)
    for end in ends:
        arrow = {"arrowstyle": "-|>", "color": "black", "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (edge, end + 0.12), (x, end + 0.12), arrowprops=arrow)
        axes.plot([x], [end + 0.12], "o", color="black", markersize=3)


def _short(text: str, most: int = 96) -> str:
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " …"


def _block(imports: Graph) -> Iterator[str]:
    """Lines of the page between the markers."""
    yield "\n![The folders and what they import](architecture.svg)\n\n"
    yield "| folder | what it is | imports |\n| --- | --- | --- |\n"
    for place, below in imports.items():
        link = f"[`{place}`](../{'' if place in OUTSIDE else 'bench/'}{place})"
        yield f"| {link} | {summary(place)} | {', '.join(below) or 'nothing'} |\n"
    yield "\n"


def _words(imports: Graph) -> str:
    return "; ".join(f"{place}: {', '.join(below) or 'nothing'}" for place, below in imports.items())


def _between(text: str) -> str:
    return text.partition(BEGIN)[2].partition(END)[0]


def _folder(place: str) -> Path:
    return ROOT / place if place in OUTSIDE else ROOT / "bench" / place


def _imported(path: Path) -> Iterable[str]:
    """Folders whose modules a file imports, in functions and for types too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for first, _, rest in (name.partition(".") for name in names):
            yield rest.partition(".")[0] if first == "bench" else first
