"""Cells that are not there: a board is over the tasks that all its entries have run, unless it is told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from bench.errors import UserError
from bench.scores import homes
from bench.scores.results import Results

MODES = ("common", "worst")
"""What becomes of a missing cell: its task is left out of every score, or it counts as the worst there is."""


def check(mode: str) -> str:
    """`mode` if it is one of MODES; raises UserError."""
    if mode not in MODES:
        raise UserError(f"unknown way with missing cells {mode!r}; known: {', '.join(MODES)}")
    return mode


def common(results: Results, present: Callable[[str, str], bool] | None = None) -> list[str]:
    """Tasks on which all that compete are `present` (task, optimizer): by default, have a cell.

    Where nobody competes, on which all are.
    """
    there = present or partial(_has_cell, results)
    names = [results.optimizers[i] for i in homes.competing(results)] or results.optimizers
    return [task for task in results.tasks if all(there(task, o) for o in names if results.applies(task, o))]


def lacking(results: Results, tasks: Iterable[str], present: Callable[[str, str], bool] | None = None) -> list[int]:
    """Which of the optimizers that apply on all of `tasks` are not present on all of them."""
    there = present or partial(_has_cell, results)
    tasks = list(tasks)
    return [
        i for i, o in enumerate(results.optimizers) if any(results.applies(t, o) and not there(t, o) for t in tasks)
    ]


def note(results: Results, tasks: Sequence[str], present: Callable[[str, str], bool] | None = None) -> list[str]:
    """Which tasks a board over `tasks` leaves out, and for whom."""
    left = [task for task in results.tasks if task not in tasks]
    if not left:
        return []
    names = [results.optimizers[i] for i in homes.competing(results)] or results.optimizers
    there = present or partial(_has_cell, results)
    counts = {name: sum(results.applies(t, name) and not there(t, name) for t in left) for name in names}
    who = ", ".join(f"{name} on {count}" for name, count in counts.items() if count)
    return [
        f"Scores and ranks are over the {len(tasks)} of {len(results.tasks)} tasks that all have run "
        f"(missing: {who}). --missing worst counts a missing cell as the worst there is instead."
    ]


def _has_cell(results: Results, task: str, optimizer: str) -> bool:
    return (task, optimizer) in results.records


def blank(frame: pd.DataFrame, rows: Sequence[int], names: Iterable[str]) -> None:
    """Put "missing" into the columns `names` of some rows that a frame has; in place."""
    for name in names:
        if name in frame:
            frame.loc[list(rows), name] = np.nan if pd.api.types.is_float_dtype(frame[name]) else pd.NA
