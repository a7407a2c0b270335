"""One task in a summary: entries × metrics with ranks and intervals, what tuning chose, what failed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bench.reports.lines import WIDTH, section, wrapped
from bench.reports.tables import Grid, settings, text
from bench.scores.leaderboard import task_table
from bench.scores.metrics import METRICS, get
from bench.scores.numbers import number, rank_range, share_interval, with_interval
from bench.scores.results import Results, finished, task_scores
from bench.scores.scale import mean_name
from bench.terminal import counted, room, unbounded


def task_section(results: Results, task: str, metric: str) -> str:
    """Entries × metrics, the task's own first with its interval; then what tuning chose for it."""
    frame = task_table(results, task, metric)
    budget = next(r.cell.budget for r in results.records.values() if r.cell.task == task)
    size = f"{counted(budget.steps, 'gradient evaluation')} a run, {counted(budget.seeds, 'problem')}"
    tuned = [f"{row.optimizer}: {settings(row.theta)}" for row in frame.itertuples() if row.theta]
    table = _within(task_grid(results, frame, task, metric), room(WIDTH))
    lines = [
        *wrapped(f"{metric}: {get(metric).better} is better; {size}."),
        text(table._replace(notes=[]), WIDTH),
        *(line for note in table.notes for line in wrapped(note)),
        *failures(results, task),
        *(wrapped(f"Tuned for {metric}: " + "; ".join(tuned)) if tuned else []),
    ]
    return section(task, "\n".join(lines))


def task_grid(results: Results, frame: pd.DataFrame, task: str, metric: str) -> Grid:
    """`frame`, a task's table by `metric`, with the means of the other metrics beside it."""
    mean, others = mean_name(get(metric)), [name for name in METRICS if name != metric]
    raw = [metric] if "mean" in frame else []
    columns = [task_scores(results, task, get(name)).mean(axis=1) for name in others]
    there = [(task, name) in results.records for name in results.optimizers]
    means = dict(zip(results.optimizers, np.where(np.transpose([there]), np.transpose(columns), np.nan), strict=True))
    rows = [
        [
            rank_range(row.rank_low, row.rank_high),
            str(row.optimizer),
            with_interval(row.score, row.low, row.high),
            share_interval(row.diverged, row.diverged_low, row.diverged_high),
            *([with_interval(row.mean, row.mean_low, row.mean_high)] if raw else []),
            *map(number, means[row.optimizer]),
        ]
        for row in frame.itertuples()
    ]
    headers = ["rank", "optimizer", f"{metric} [95 %]", "diverged [95 %]", *(["mean [95 %]"] if raw else []), *others]
    first = f"{metric} [95 %]: {mean} over problems; the other columns: arithmetic means of the same problems"
    first += ", a diverged run counted as 1e6." if (frame["diverged"] > 0).any() else "."
    said = frame.attrs["notes"][1:] if frame["rank"].notna().any() else frame.attrs["notes"]
    return Grid(headers, rows, [first, *said, *_standing_notes(frame)])


def _within(table: Grid, width: int) -> Grid:
    """`table` without the columns to the right of what fits; the interval of a mean goes first."""
    if "mean [95 %]" in table.headers:
        at = table.headers.index("mean [95 %]")
        table = table._replace(
            headers=[*table.headers[:at], "mean", *table.headers[at + 1 :]],
            rows=[[*row[:at], row[at].split(" [")[0], *row[at + 1 :]] for row in table.rows],
        )
    while _wide(table) > width and len(table.headers) > 4:
        table = table._replace(headers=table.headers[:-1], rows=[row[:-1] for row in table.rows])
    return table


def _wide(table: Grid) -> int:
    with unbounded():
        return max(map(len, text(table._replace(notes=[])).splitlines()))


def _standing_notes(frame: pd.DataFrame) -> list[str]:
    """Who had how many trials on a task, and who is not ranked there and why."""
    tuned = frame[frame["standing"] == "tuned"]
    counts = {count: list(of["optimizer"]) for count, of in tuned.groupby("trials", sort=False)}
    trials = [f"{count} ({', '.join(names)})" if len(counts) > 1 else count for count, names in counts.items()]
    said = {
        "home": "At home (meta-trained on this task, not tuned)",
        "generalist": "Generalists (meta-trained on several tasks, not on this one, not tuned), not ranked",
        "foreign": "Foreign (not tuned here, not trained here), not ranked",
    }
    whose = {name: ", ".join(frame["optimizer"][frame["standing"] == name]) for name in said}
    notes = [f"{words}: {whose[name]}." for name, words in said.items() if whose[name]]
    return [*([f"Tuning trials: {'; '.join(trials)}."] if trials else []), *notes]


def failures(results: Results, task: str) -> list[str]:
    """Lines on what failed on a task and what was not run."""
    failed = [r for r in results.of_task(task) if r is not None and not finished(r)]
    missing = [
        name
        for name, record in zip(results.optimizers, results.of_task(task), strict=True)
        if record is None and results.applies(task, name)
    ]
    lines = [line for r in failed for line in wrapped(f"Failed: {r.cell.optimizer}: {r.error}")]
    return lines + (wrapped(f"Not run: {', '.join(missing)}") if missing else [])
