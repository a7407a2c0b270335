"""The rows of all tasks as targets.md and targets.csv."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from bench.records import sealed
from bench.records.files import write_bytes
from bench.reports.tables import piped
from bench.scores.numbers import significant
from bench.studies.targets.plan import QUICK_SECONDS, TASKS

COLUMNS = [
    "task",
    "metric",
    "weights",
    "baseline",
    "against",
    "how",
    "value",
    "low",
    "high",
    "bound",
    "word",
    "learned",
    "baseline_mean",
    "problems",
    "tuning",
    "seconds",
    "quick",
]
_HOW = {"ratio": "ratio of means", "difference": "difference of means", "wins": "share of wins"}


def keep(out: Path, task: str, rows: list[dict[str, Any]], quick: bool) -> None:
    """Put the rows of one task in a file of their own: others may be measured another day."""
    sealed.write(out / "rows" / f"{task}{'@quick' if quick else ''}.json", {"rows": rows})


def write(out: Path, order: Iterable[str] = TASKS) -> str:
    """Both files from all rows there are; returns the Markdown."""
    parts = {True: _rows(out, order, "@quick"), False: _rows(out, order, "")}
    rows = [{**row, "quick": quick} for quick in (False, True) for row in parts[quick]]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    write_bytes(out / "targets.csv", frame.to_csv(index=False, float_format="%.6g").encode())
    text = _markdown(parts[False], parts[True])
    write_bytes(out / "targets.md", text.encode())
    return text


def _rows(out: Path, order: Iterable[str], suffix: str) -> list[dict[str, Any]]:
    remedy = "its rows are left out; the same command with the task's name measures them again"
    held = (sealed.read(out / "rows" / f"{task}{suffix}.json", remedy) for task in order)
    return [row for found in held if found is not None for row in found["rows"]]


def _markdown(shipped: list[dict[str, Any]], quick: list[dict[str, Any]]) -> str:
    lines = [
        "# Targets",
        "",
        "Measured by `python -m bench targets`. Every baseline is tuned for the metric of its row; log_final uses",
        "the tuned θ that is best on the report problems. In brackets: the paired 95 % bootstrap interval over them.",
        "Held: the whole interval meets the target; by estimate: only the point estimate does.",
        "Best: the best of momentum, RMSProp and Adam on the report problems.",
        "",
        *_table(shipped, seconds=False),
    ]
    if quick:
        lines += ["", f"## After at most {QUICK_SECONDS:.0f} s of meta-training", ""]
        lines += _table(quick, seconds=True)
    return "\n".join([*lines, "", *_protocol(shipped + quick)]) + "\n"


def _table(rows: list[dict[str, Any]], *, seconds: bool) -> list[str]:
    head = ["task", "metric", "weights", "baseline", "number", "target", "", "problems"]
    head += ["s of training"] if seconds else []
    return piped(head, (_cells(row, seconds) for row in rows))


def _cells(row: dict[str, Any], seconds: bool) -> list[str]:
    bound = row["bound"]
    target = "–" if bound is None else f"{'≥' if row['how'] == 'wins' else '≤'} {bound:g}"
    against = row["against"] + (" (best)" if row["baseline"] == "best" else "")
    value, low, high = (significant(row[name], missing=None) for name in ("value", "low", "high"))
    number = f"{_HOW[row['how']]} {value} [{low}, {high}]"
    cells = [row["task"], row["metric"], row["weights"], against, number, target]
    late = seconds and row["seconds"] > QUICK_SECONDS
    word = f"{row['word']}, but too slow" if late else row["word"]
    more = [f"{row['seconds']:.0f}"] if seconds else []
    return [*cells, word, str(row["problems"]), *more]


def _protocol(rows: list[dict[str, Any]]) -> list[str]:
    """How the baselines of the tasks in the table were tuned."""
    return [f"- {task}: {tuning}." for task, tuning in dict.fromkeys((row["task"], row["tuning"]) for row in rows)]
