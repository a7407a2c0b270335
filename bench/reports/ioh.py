"""IOHprofiler's format: a JSON file a task in a folder an optimizer, runs as text beside it (de Nobel et al., 2024)."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from bench.reports.viewers import Curves, Viewer, folder_names

_DIMENSIONS = 65535
"""The most that readers keep; a task of more, or of an unknown number, has dimension 1."""


def files(cells: list[Curves], folder: str) -> dict[str, str]:
    """The files of one optimizer."""
    found, names = {}, folder_names(cell.task for cell in cells)
    for cell in cells:
        label = f"f{cell.number}_{names[cell.task]}"
        data = f"data_{label}/IOHprofiler_f{cell.number}_DIM{_dimension(cell)}.dat"
        found[f"{folder}/{data}"] = _table(cell)
        found[f"{folder}/IOHprofiler_{label}.json"] = json.dumps(_card(cell, data), indent=1) + "\n"
    return found


def _card(cell: Curves, data: str) -> dict[str, Any]:
    """What a reader needs beside the runs. Attributes are numbers only: readers evaluate them as Python."""
    budget = cell.record.cell.budget
    return {
        "version": "0.3.18",
        "suite": "Optoscope",
        "function_id": cell.number,
        "function_name": cell.task,
        "maximization": False,
        "algorithm": {"name": cell.optimizer, "info": cell.record.kind},
        "experiment_attributes": [{"trials": str(budget.trials)}, {"steps": str(budget.steps)}],
        "attributes": ["evaluations", "raw_y"],
        "scenarios": [
            {"dimension": _dimension(cell), "path": data, "runs": [_run(cell, i) for i in range(len(cell.gaps))]}
        ],
    }


def _run(cell: Curves, i: int) -> dict[str, Any]:
    at = int(np.argmin(cell.gaps[i]))
    best = {"evals": int(cell.evaluations[at]), "y": float(cell.gaps[i, at]), "x": []}
    return {"instance": i + 1, "evals": int(cell.evaluations[-1]), "best": best}


def _table(cell: Curves) -> str:
    """Runs below each other, each from evaluation 1 on, without the rows after it diverged."""
    lines = ["evaluations raw_y"]
    for gaps in cell.gaps:
        kept = np.isfinite(gaps)
        lines += [f"{step} {gap:.10e}" for step, gap in zip(cell.evaluations[kept], gaps[kept], strict=True)]
    return "\n".join(lines) + "\n"


def _dimension(cell: Curves) -> int:
    count = cell.record.ledger.get("parameters", 0)
    return int(count) if 1 <= count <= _DIMENSIONS else 1


VIEWER = Viewer("IOHprofiler: IOHanalyzer, iohinspector", files, sys.maxsize, lambda tasks: {})
