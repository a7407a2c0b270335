"""COCO's format: `.info`, `.dat` and `.tdat` files in a folder an optimizer, for cocopp (Hansen et al., 2021).

cocopp knows suites of its own only, so tasks stand as functions 1, 2 … of its suite `bbob`, all in one dimension.
"""

from __future__ import annotations

import numpy as np

from bench.reports.viewers import Curves, Viewer

DIMENSION = 20
"""What stands for every task's: cocopp's first choice. Its axes "evaluations / dimension" are of a twentieth."""
FUNCTIONS = 24
_HEADER = (
    "% function evaluation | noise-free fitness - Fopt (0) | best noise-free fitness - Fopt | measured fitness | "
    "best measured fitness"
)
_README = """Runs of Optoscope as COCO's post-processing reads them, one folder an optimizer:

    python -m cocopp FOLDER [FOLDER...]

Fitness is loss minus the task's floor, an evaluation is a gradient, an instance a problem. Functions are tasks by the
numbers in functions.txt; the names that cocopp prints are those of its own functions until it is told ours:

    import cocopp.testbedsettings as settings
    settings.GECCOBBOBTestbed.settings["short_names"] = settings.get_short_names("/full/path/of/functions.txt")

All tasks stand in dimension {dimension}, so an axis "evaluations / dimension" shows a {dimension}th of the evaluations.
"""


def files(cells: list[Curves], folder: str) -> dict[str, str]:
    """The files of one optimizer."""
    found = {}
    for cell in cells:
        stem = f"data_f{cell.number}/bbobexp_f{cell.number}_DIM{DIMENSION}"
        found[f"{folder}/bbobexp_f{cell.number}.info"] = _index(cell, folder, f"{stem}.dat")
        found[f"{folder}/{stem}.dat"] = _runs(cell, improved_only=True)
        found[f"{folder}/{stem}.tdat"] = _runs(cell, improved_only=False)
    return found


def notes(tasks: list[str]) -> dict[str, str]:
    """README.txt and the names of the functions."""
    names = [f"{i} {' '.join(task.split())}" for i, task in enumerate(tasks, 1)]
    return {"README.txt": _README.format(dimension=DIMENSION), "functions.txt": "\n".join(names) + "\n"}


def _index(cell: Curves, folder: str, data: str) -> str:
    """Three lines: of the experiment, a comment, of the runs: instance, evaluations, last gap."""
    head = f"suite = 'bbob', funcId = {cell.number}, DIM = {DIMENSION}, Precision = 1.000e-08, algId = '{folder}'"
    runs = [f"{i}:{cell.evaluations[-1]}|{best:.1e}" for i, best in enumerate(cell.best[:, -1], 1)]
    return "\n".join([head, "% Optoscope", ", ".join([data, *runs])]) + "\n"


def _runs(cell: Curves, improved_only: bool) -> str:
    """Runs below each other, each after a header: steps that improve on all before, or all recorded steps."""
    lines = []
    for now, best in zip(cell.gaps, cell.best, strict=True):
        kept = np.append(True, best[1:] < best[:-1]) if improved_only else np.ones(len(best), bool)
        lines.append(_HEADER)
        lines += [
            f"{step} {a:+.9e} {b:+.9e} {a:+.9e} {b:+.9e}"
            for step, a, b in zip(cell.evaluations[kept], now[kept], best[kept], strict=True)
        ]
    return "\n".join(lines) + "\n"


VIEWER = Viewer("COCO: cocopp", files, FUNCTIONS, notes)
