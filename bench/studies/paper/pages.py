"""claims.md, and the parts of docs/paper.md that are made: tables of what the study wrote, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.records.files import write_bytes
from bench.studies.paper import parts, tables
from bench.studies.paper.rules import NOT_DECIDABLE, NOT_HELD
from bench.studies.paper.tables import TITLES, Tables

BEGIN, END = "<!-- {}: made by python -m bench paper -->\n", "<!-- end of {} -->\n"
_ABOUT = """\
# The paper, claim by claim

Maheswaranathan, Sussillo, Metz, Sun, Sohl-Dickstein, "Reverse engineering learned optimizers reveals known and novel
mechanisms" (2021), against our own networks, races, probes and ablations. Made by `python -m bench paper`;
docs/paper.md says what the networks are and how the rows are judged.
"""
_COLUMNS = """\
*Ours* is the mean over the networks that judge the row, in brackets the smallest and the largest (a range, not a
confidence interval), or what claims.csv calls the interval. *Sure* says how sure we are that the paper says so: T its
opening pages, S secondary text, F read off its figures, M+ and M recollection, C and N its authors' code and notebooks,
X an independent calculation, I inference. "Trained further" are specialists of another recipe, "256 units" is one
network of full size.
"""


def page(out: Path) -> str:
    """claims.md."""
    found = tables.read(out)
    sections = [
        [_ABOUT],
        parts.count_table(found),
        ["", "## Networks", "", *parts.network_table(found)],
        ["", "## Rows", "", _COLUMNS],
        *(parts.row_table(found, key) for key in TITLES),
        [
            "## What the networks lose without a mechanism",
            "",
            *parts.lost_table(found),
            "",
            *parts.pair_table(found),
            "",
        ],
        ["## Learning rate adaptation of every shipped network", "", *parts.answer_table(found), ""],
        ["## Time", "", *parts.time_table(found), ""],
    ]
    return "\n".join(line for section in sections for line in section) + "\n"


BLOCKS: dict[str, Callable[[Tables], list[str]]] = {
    "counts": parts.count_table,
    "networks": parts.network_table,
    "recipes": parts.recipe_list,
    "mechanisms": parts.mechanism_table,
    "answers": parts.answer_table,
    "not held": parts.list_of(NOT_HELD),
    "not decidable": parts.list_of(NOT_DECIDABLE),
    "losses": parts.lost_table,
    "pairs": parts.pair_table,
    "along": parts.along_list,
    "time": parts.time_table,
}
"""Parts of docs/paper.md by name."""


def filled(text: str, out: Path) -> str:
    """`text` with every part that it marks made anew from the files in `out`."""
    found = tables.read(out)
    for name, make in BLOCKS.items():
        begin, end = BEGIN.format(name), END.format(name)
        if begin in text:
            before, rest = text.split(begin, 1)
            text = f"{before}{begin}\n{chr(10).join(make(found))}\n\n{end}{rest.split(end, 1)[1]}"
    return text


def fill(page: Path, out: Path) -> None:
    """Make the marked parts of the file `page` anew."""
    write_bytes(page, filled(page.read_text(encoding="utf-8"), out).encode())
