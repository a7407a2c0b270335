"""What stands on the page, section by section: strings and numbers for the template. Computes no score itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from bench.errors import UserError
from bench.reports import origin
from bench.reports.costs import break_even_grid, ledger_grid
from bench.reports.html import commands
from bench.reports.html.cells import cells
from bench.reports.html.charts import across, task_curves
from bench.reports.html.grids import Sortable, sortable, tiers
from bench.reports.html.probes import probe_pages
from bench.reports.html.styles import styles
from bench.reports.html.words import glossary
from bench.reports.learned import verdict_grid
from bench.reports.overview import by_learned, by_task
from bench.reports.tables import Grid, grid
from bench.reports.task_section import failures, task_grid
from bench.scores import machines
from bench.scores.leaderboard import leaderboard, task_table
from bench.scores.metrics import METRICS, get
from bench.scores.numbers import number
from bench.scores.results import Results, chosen, finished, load
from bench.scores.stability import stability
from bench.terminal import counted

BOARD = "anytime"
DEFAULT = "mean_loss"


def sections(folders: list[Path], mix: bool = False) -> dict[str, Any]:
    """Everything that the template asks for. Raises UserError as `load` does."""
    return sections_of(load(folders, mix=mix), origin.of_all(folders), folders)


def sections_of(results: Results, made: origin.Origin, folders: list[Path]) -> dict[str, Any]:
    """The same of `results`, which `folders` hold."""
    metric_of = {task: made.metrics.get(task, DEFAULT) for task in results.tasks}
    source = commands.Source(folders, bool(machines.mixed(results.records.values())))
    named = source.words
    tables = {task: task_table(results, task, metric) for task, metric in metric_of.items()}
    needs = origin.needs(made.commands)
    pages, board = probe_pages(folders, needs), leaderboard(results, BOARD)
    return {
        "title": ", ".join(folder.resolve().name for folder in folders),
        "folders": named,
        "lead": _lead(results),
        "boards": boards(results, {BOARD: board}, metric_of, named),
        "firm": firm(results, board),
        "matrix": matrix(results, metric_of, tables),
        "tasks": [_task(results, task, metric_of[task], tables[task], source) for task in results.tasks],
        "verdicts": _verdicts(results, metric_of),
        "overview": _overview(results, metric_of),
        "probes": pages,
        "ledger": sortable("ledger", "What each optimizer cost, over all tasks", ledger_grid(results)),
        "break_even": _break_even(results, metric_of),
        "glossary": glossary(results),
        "provenance": _provenance(results),
        "commands": made.commands,
        "remake": {
            "verdicts": commands.verdicts(source, metric_of),
            "ledger": commands.ledger(source),
            "firm": f"python -m bench leaderboard {named} --stability",
            "ecdf": commands.profiles(source, "ecdf"),
            "profile": commands.profiles(source, "profile"),
        },
        "data": {
            "tasks": {task: task_curves(results, task, tables[task], get(metric_of[task])) for task in results.tasks},
            "across": across(results, board),
            "styles": styles(results),
            "metrics": list(METRICS),
            "cells": cells(results, metric_of, named, needs),
            "panels": [[reading["panels"] for reading in page["readings"]] for page in pages],
        },
    }


def boards(
    results: Results, frames: dict[str, pd.DataFrame], metric_of: Mapping[str, str], named: str
) -> list[dict[str, Any]]:
    """The leaderboard by each metric of `frames`, and by each that some task is about."""
    others = {name: leaderboard(results, name) for name in dict.fromkeys(metric_of.values()) if name not in frames}
    return [_board(results, metric, frame, named) for metric, frame in (frames | others).items()]


def firm(results: Results, board: pd.DataFrame) -> Sortable | None:
    """How certain the order of the first board is, without its scores; None where too few compete for an order."""
    try:
        frame = stability(results, BOARD, board, runs=False)
    except UserError:
        return None
    starts, shown = tiers(frame["rank_low"], frame["rank_high"]), frame.drop(columns=["score", "low", "high"])
    return sortable("firm", f"How certain the order by {BOARD} is", grid(shown), tiers=starts)


def matrix(results: Results, metric_of: Mapping[str, str], tables: Mapping[str, pd.DataFrame]) -> Sortable:
    """Mean scores of every optimizer on every task, each by the task's metric; “failed” where there is none."""
    scores = {task: dict(zip(table["optimizer"], table["score"], strict=True)) for task, table in tables.items()}
    rows = [
        [name, *(_score(results, task, name, scores[task]) for task in results.tasks)] for name in results.optimizers
    ]
    links = [["", *(link(results, task, name) for task in results.tasks)] for name in results.optimizers]
    headers = ["optimizer", *(f"{task} ({metric_of[task]})" for task in results.tasks)]
    note = "Means over the report problems, of the runs tuned for the metric named above each column."
    return sortable("cells", "Every cell: mean score by optimizer and task", Grid(headers, rows, [note]), links)


def link(results: Results, task: str, optimizer: str) -> str:
    """Where a cell opens; empty where there is none."""
    if (task, optimizer) not in results.records:
        return ""
    return f"#cell={quote(task, safe='')}&{quote(optimizer, safe='')}"


def _board(results: Results, metric: str, frame: pd.DataFrame, named: str) -> dict[str, Any]:
    starts = tiers(frame["rank_low"], frame["rank_high"])
    shown = frame.drop(columns=results.tasks)
    command = f"python -m bench leaderboard {named} --metric {metric}"
    table = sortable(f"board-{metric}", f"All tasks by {metric}", grid(shown), tiers=starts)
    return {"metric": metric, "table": table, "command": command}


def _score(results: Results, task: str, name: str, scores: Mapping[str, float]) -> str:
    if name not in scores:
        return ""
    return number(scores[name]) if finished(results.records.get((task, name))) else "failed"


def _task(results: Results, task: str, metric: str, frame: pd.DataFrame, source: commands.Source) -> dict[str, Any]:
    budget = next(r.cell.budget for r in results.records.values() if r.cell.task == task)
    starts = tiers(frame["rank_low"], frame["rank_high"])
    table = task_grid(results, frame, task, metric)
    at = table.headers.index("optimizer")
    links = [[link(results, task, name) if i == at else "" for i, name in enumerate(row)] for row in table.rows]
    return {
        "name": task,
        "metric": metric,
        "anchor": "task=" + quote(task, safe=""),
        "command": commands.task_table(source, task, metric),
        "tuned": next((chosen(r, None) for r in results.of_task(task) if finished(r) and r and r.trials), ""),
        "trials": commands.trials(source, task, metric),
        "about": f"{metric}: {get(metric).summary}; {get(metric).better} is better. {budget.steps} gradient "
        f"evaluations a run, {counted(budget.seeds, 'problem')}. Tuned on others: {budget.tuning_words}.",
        "table": sortable(f"task-{task}", f"{task} by {metric}", table, links, starts),
        "failures": failures(results, task),
    }


def _verdicts(results: Results, metric_of: Mapping[str, str]) -> Sortable | None:
    table = verdict_grid(results, metric_of)
    caption = "Each learned optimizer against the best hand-designed one of each task"
    return sortable("verdicts", caption, table) if table.rows else None


def _break_even(results: Results, metric_of: Mapping[str, str]) -> Sortable | None:
    table = break_even_grid(results, metric_of)
    return (
        sortable("break-even", "When the meta-training of a learned optimizer has paid", table) if table.rows else None
    )


def _overview(results: Results, metric_of: Mapping[str, str]) -> list[Sortable]:
    first, learned = by_task(results, metric_of), by_learned(results, metric_of)
    links = [["#task=" + quote(row[0], safe=""), *("" for _ in row[1:])] for row in first.rows]
    found = [sortable("overview-tasks", "The first of each task", first, links)]
    caption = "On how many tasks each learned optimizer is ahead, ties or is behind"
    return [*found, sortable("overview-learned", caption, learned)] if learned.rows else found


def _lead(results: Results) -> str:
    runs = sum(record.cell.budget.seeds for record in results.records.values() if finished(record))
    failed = sum(not finished(record) for record in results.records.values())
    lead = f"{counted(len(results.optimizers), 'optimizer')} on {counted(len(results.tasks), 'task')}: {runs:,} runs"
    return f"{lead}. {counted(failed, 'cell')} failed." if failed else f"{lead}."


def _provenance(results: Results) -> Sortable:
    """How many cells were made where, with what, and when."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for record in results.records.values():
        made = record.provenance
        versions = ", ".join(f"{name} {version}" for name, version in sorted(record.cell.versions.items()))
        key = (*(made.get(name, "–") for name in ("host", "processor", "python", "commit")), versions)
        groups.setdefault(key, []).append(made.get("time", "–")[:16].replace("T", " "))
    rows = [[str(len(times)), *key, min(times), max(times)] for key, times in groups.items()]
    headers = ["cells", "host", "processor", "python", "commit", "versions", "from (UTC)", "to (UTC)"]
    return sortable("provenance", "Where the cells come from", Grid(headers, rows, []))
