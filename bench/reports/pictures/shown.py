"""Who is drawn in which style, and the sentence that says what a picture shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from bench.lookup.appearance import look
from bench.records.record import Budget
from bench.scores import scale
from bench.scores.measures import Scored
from bench.scores.results import Results, chosen, finished, task_scores
from bench.terminal import counted

MANY = 12
"""Entries beyond which one of many panels draws only its best in their colors."""
MOST = 32
"""The same of a picture that is one panel."""
BANDS = 12
"""Entries drawn as themselves beyond which bands would hide each other and are left out."""
NAMED = 5
"""Entries that such a panel names: the best, the best learned one among them."""
BUDGET = ("trials", "tuning_seeds", "finalists", "recheck_seeds")
GRAY = "0.82"
"""The others."""


def style(results: Results, name: str) -> dict[str, Any]:
    """matplotlib's settings of an optimizer's line: its look; learned ones thick and on top."""
    learned = results.kind(name) == "learned"
    width, over = (2.4, 3.5) if learned else (1.2, 3.0)
    return {**look(name).line(), "markersize": 4.5, "markeredgewidth": 0.9, "linewidth": width, "zorder": over}


def markevery(name: str, x: Any, *, log: bool = False) -> list[int]:
    """Points of a curve at x (K,) that have the marker: about five, evenly along the axis, not where others have it."""
    at = np.log(x) if log else np.asarray(x, float)
    first = (3 * look(name).marker + look(name).color) % 8
    places = at[0] + (at[-1] - at[0]) * (np.arange(5) + 0.15 + 0.7 * first / 8) / 5
    return np.unique([int(np.abs(at - place).argmin()) for place in places]).tolist()


def plain() -> dict[str, Any]:
    """Settings of a line in gray that is not named."""
    return {"color": GRAY, "linestyle": "-", "linewidth": 0.6, "zorder": 2}


def in_color(results: Results, tasks: Sequence[str], metric: Scored, panels: int = 1) -> list[str]:
    """Optimizers drawn as themselves, by name, learned ones first; of too many the best on `tasks` and all oracles."""
    everyone = by_kind(results, results.optimizers)
    if len(everyone) <= (MANY if panels > 1 else MOST):
        return everyone
    order = ranked(results, tasks, metric)
    learned = [name for name in order if results.kind(name) == "learned"][:1]
    best = order[:NAMED] if set(learned) <= set(order[:NAMED]) else [*order[: NAMED - 1], *learned]
    there = {o for task, o in results.records if task in tasks}
    return [*best, *(name for name in everyone if results.kind(name) == "oracle" and name in there)]


def ranked(results: Results, tasks: Iterable[str], metric: Scored) -> list[str]:
    """Optimizers with a finished cell on every one of `tasks`, best first by the mean over them, as boards average (a
    few runs decide no geometric mean; of what may be infinite, medians over problems); no oracles, nor who has no
    number.
    """
    tasks = list(tasks)
    tables = {task: _typical(metric, task_scores(results, task, metric)) for task in tasks}
    merits = {
        name: metric.sign * float(np.mean([table[i] for table in tables.values()]))
        for i, name in enumerate(results.optimizers)
        if results.kind(name) != "oracle" and all(finished(results.records.get((task, name))) for task in tasks)
    }
    return sorted((name for name in merits if merits[name] == merits[name]), key=lambda name: (-merits[name], name))


def _typical(metric: Scored, scores: np.ndarray) -> np.ndarray:
    """(entries, problems) -> (entries,), on the scale of the metric."""
    if np.isinf(metric.worst):
        return np.quantile(scores, 0.5, axis=1, method="inverted_cdf")
    return scale.leveled(metric, scores).mean(axis=1)


def by_kind(results: Results, names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (results.kind(name) != "learned", results.kind(name) == "oracle", name))


def others(results: Results, named: Sequence[str]) -> str:
    """What the gray lines are; nothing where all are named."""
    left = len(results.optimizers) - len(named)
    return "" if left <= 0 else "; gray: all others"


def settings(results: Results, metric: Scored | None) -> str:
    """`512 problems a task, runs of 200 gradient evaluations; settings tuned for mean_loss by 64 trials on 16 …`.

    Of tasks of different budgets, from the least to the most.
    """
    records = [record for record in results.records.values() if finished(record)]
    problems = span(results.problems(task) for task in results.tasks)
    steps = span(record.cell.budget.steps for record in records)
    ran = f"{counted(problems, 'problem')} a task, runs of {counted(steps, 'gradient evaluation')}"
    tuned = [record for record in records if record.trials]
    if not tuned:
        return f"{ran}; nothing was tuned"
    words = sorted({chosen(record, metric) for record in tuned})
    untuned = "; entries without trials as they come" if len(tuned) < len(records) else ""
    return f"{ran}; settings tuned for {' or '.join(words)} by {tuning(r.cell.budget for r in tuned)}{untuned}"


def tuning(budgets: Iterable[Budget]) -> str:
    """`tuning_words` of several budgets: `64–128 trials on 16 tuning problems …`."""
    held = list(budgets)
    counts = {name: span(getattr(budget, name) for budget in held) for name in BUDGET}
    again = f", the best {counts['finalists']} again on {counts['recheck_seeds']} fresh ones"
    first = f"{counted(counts['trials'], 'trial')} on {counted(counts['tuning_seeds'], 'tuning problem')}"
    return first + (again if any(budget.finalists for budget in held) else "")


def scored(metric: Scored) -> str:
    return f"{metric.name}: {metric.summary}; {metric.better} is better"


def band(what: str, entries: int) -> str:
    return f"band: {what}" if entries <= BANDS else f"no bands of more than {BANDS} entries"


def span(values: Iterable[int]) -> str:
    low, high = min(kept := list(values)), max(kept)
    return str(low) if low == high else f"{low}–{high}"
