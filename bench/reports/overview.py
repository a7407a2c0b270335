"""The summary of many tasks in one page: who is first on each, and where the learned entries stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.reports.tables import Grid
from bench.scores.homes import standing
from bench.scores.leaderboard import task_table, verdicts
from bench.scores.numbers import number, rank_range
from bench.scores.results import Results, finished

_WORDS = ("ahead", "tie", "behind")


def by_task(results: Results, metric_of: Mapping[str, str]) -> Grid:
    """One row per task: the best, how many do not differ from it significantly, and the best learned entry."""
    rows = [_row(results, task, metric_of.get(task, "mean_loss")) for task in results.tasks]
    headers = ["task", "best optimizer", "score", "tied with", "best learned", "its rank"]
    notes = [
        "By mean_loss where no other metric is named; tied with: how many do not differ significantly from the best."
    ]
    return Grid(headers, rows, notes)


def _row(results: Results, task: str, metric: str) -> list[str]:
    frame = task_table(results, task, metric)
    done = frame["optimizer"].map(lambda name: finished(results.records.get((task, name)))).astype(bool)
    ranked = frame[(frame["kind"] != "oracle") & done]
    if ranked.empty:
        return [task, "none finished" if len(frame) else "–", "–", "–", "–", "–"]
    first = ranked.iloc[0]
    score = number(first["score"]) + (f" ({metric})" if metric != "mean_loss" else "")
    tied = max(0, int((ranked["rank_low"] == 1).sum()) - 1) if ranked["rank"].notna().all() else "–"
    row = [task, str(first["optimizer"]), score, str(tied)]
    for best in ranked[ranked["kind"] == "learned"].head(1).itertuples():
        return [*row, str(best.optimizer), rank_range(best.rank_low, best.rank_high)]
    return [*row, "–", "–"]


def by_learned(results: Results, metric_of: Mapping[str, str]) -> Grid:
    """One row per learned entry and standing: where it is ahead of the best hand-designed one, and how often."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in verdicts(results, metric_of).itertuples():
        if (row.task, row.optimizer) in results.records:
            where = str(row.optimizer), standing(results, row.optimizer, [row.task])
            found.setdefault(where, []).append((str(row.task), str(row.word)))
    rows = [[*where, *_counts(found[where])] for where in sorted(found)]
    notes = ["home: meta-trained on these tasks; foreign, generalist: neither tuned nor trained there, not ranked."]
    return Grid(["optimizer", "standing", *_WORDS, "ahead on"], rows, notes if rows else [])


def _counts(words: Sequence[tuple[str, str]]) -> list[str]:
    """How many tasks have each word, and which of (task, word) are ahead."""
    ahead = [task for task, word in words if word == "ahead"]
    shown = ", ".join(ahead[:3]) + (f" and {len(ahead) - 3} more" if len(ahead) > 3 else "")
    return [*(str(sum(word == one for _, word in words)) for one in _WORDS), shown or "–"]
