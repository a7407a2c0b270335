"""The summary of many tasks in one page: who is first on each, and where the learned entries stand."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from bench.reports.tables import Grid
from bench.scores.leaderboard import task_table, verdicts
from bench.scores.numbers import number, rank_range
from bench.scores.results import Results

_WORDS = ("ahead", "tie", "behind")


def by_task(results: Results, metric_of: Mapping[str, str]) -> Grid:
    """One row per task: the first, how many no test separates from it, and the best learned entry."""
    rows = [_row(results, task, metric_of.get(task, "mean_loss")) for task in results.tasks]
    headers = ["task", "optimizer", "first", "tied", "learned", "rank"]
    notes = [
        "By mean_loss where no other metric is named; tied: others that no test separates from the first; "
        "learned: the best of them."
    ]
    return Grid(headers, rows, notes)


def _row(results: Results, task: str, metric: str) -> list[str]:
    frame = task_table(results, task, metric)
    ranked = frame[frame["kind"] != "oracle"]
    if ranked.empty:
        return [task, "–", "–", "–", "–", "–"]
    first = ranked.iloc[0]
    score = number(first["score"]) + (f" ({metric})" if metric != "mean_loss" else "")
    tied = max(0, int((ranked["rank_low"] == 1).sum()) - 1) if ranked["rank"].notna().all() else "–"
    row = [task, str(first["optimizer"]), score, str(tied)]
    for best in ranked[ranked["kind"] == "learned"].head(1).itertuples():
        return [*row, str(best.optimizer), rank_range(best.rank_low, best.rank_high)]
    return [*row, "–", "–"]


def by_learned(results: Results, metric_of: Mapping[str, str]) -> Grid:
    """One row per learned entry: on how many tasks it is ahead of the best hand-designed one, and on which."""
    frame = verdicts(results, metric_of)
    rows = [_counts(str(name), group) for name, group in frame.groupby("optimizer", sort=True)]
    return Grid(["optimizer", *_WORDS, "ahead on"], rows, [])


def _counts(name: str, group: pd.DataFrame) -> list[str]:
    counts = [str(int((group["word"] == word).sum())) for word in _WORDS]
    ahead = group[group["word"] == "ahead"]["task"].tolist()
    shown = ", ".join(ahead[:3]) + (f" and {len(ahead) - 3} more" if len(ahead) > 3 else "")
    return [name, *counts, shown or "–"]
