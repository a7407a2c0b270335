"""What the results that ship say of one task or one optimizer. Nothing where they are not there, as in a wheel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.scores.numbers import rank_range, with_interval

FOLDER = Path(__file__).parents[2] / "results" / "reference"
METRIC = "mean_log"


def of_task(name: str, folder: Path = FOLDER) -> list[str]:
    """A title and a line for every optimizer raced on the task, best first."""
    return [line for title, table in _tables(folder, name) for line in (title, *_lines(table, "optimizer"))]


def of_optimizer(name: str, folder: Path = FOLDER) -> list[str]:
    """A title and a line for every task it was raced on: its rank there and its score."""
    import pandas as pd

    found: dict[str, list[Any]] = {}
    for title, table in _tables(folder):
        found.setdefault(title, []).append(table[table["optimizer"] == name])
    tables = {title: pd.concat(rows) for title, rows in found.items()}
    return [line for title, table in tables.items() if len(table) for line in (title, *_lines(table, "task"))]


def _tables(folder: Path, task: str | None = None) -> Iterator[tuple[str, Any]]:
    """(title, table of a task) of every run that ships."""
    from bench.scores.leaderboard import task_table
    from bench.scores.results import load

    for run in sorted(path.parent for path in folder.glob("*/cells")):
        results = load([run], mix=True)
        for name in results.tasks if task is None else {task} & {*results.tasks}:
            yield f"rank and {METRIC} [95 %] in results/reference/{run.name}", task_table(results, name, METRIC)


def _lines(table: Any, column: str) -> list[str]:
    """`1  momentum  -6.16 [-6.32, -5.99]  tuned`, or its task in place of its name."""
    width = max(map(len, table[column]), default=0)
    return [f"  {_rank(row):>5}  {row[column]:{width}}  {_score(row)}" for row in table.to_dict("records")]


def _rank(row: dict[str, Any]) -> str:
    return rank_range(row["rank_low"], row["rank_high"])


def _score(row: dict[str, Any]) -> str:
    return f"{with_interval(row['score'], row['low'], row['high'])}  {row['standing']}"
