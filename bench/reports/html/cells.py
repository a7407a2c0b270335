"""What one cell of the page opens: its scores and θ, search ranges, some of its runs, the best trials, what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.records.record import Record, Runs
from bench.reports.html import commands
from bench.reports.html.ranges import ranges
from bench.reports.origin import Needs
from bench.reports.pictures.curves import above_floor
from bench.reports.tables import settings
from bench.scores import scale
from bench.scores.luck import luck
from bench.scores.metrics import METRICS, Metric, get
from bench.scores.numbers import count, number, seconds_only, short, significant, with_interval
from bench.scores.results import Results, chosen, finished, runs_of, task_scores
from bench.terminal import counted

RUN_BYTES = 2_500_000
"""About what all the runs shown may take of the page."""
FEWEST, MOST = 5, 24
"""Runs shown of a cell."""
BEST_TRIALS = 5
FLOOR = 1e-14
"""Ratios below are drawn here."""
PLACES = 1000
"""Curves are whole thousandths of log10 of the loss above the floor, as a share of the initial one."""


def cells(results: Results, metric_of: Mapping[str, str], folders: str, needs: Needs) -> dict[str, Any]:
    """{"task": {"optimizer": …}} of every record, and under "" what many cells share."""
    shown = runs_shown(results)
    shared: dict[str, list[Any]] = {"provenance": [], "versions": []}
    found: dict[str, Any] = {task: {} for task in results.tasks}
    for task in results.tasks:
        tables = {name: _means(results, task, metric) for name, metric in METRICS.items()}
        for row, record in enumerate(results.of_task(task)):
            if record is not None:
                means = {name: number(float(table[row])) for name, table in tables.items()}
                found[task][record.cell.optimizer] = _cell(
                    record, get(metric_of[task]), means, shown, shared, folders, needs
                )
    return {"of": found, "shared": shared}


def _means(results: Results, task: str, metric: Metric) -> np.ndarray:
    """Means over problems of every optimizer, as a task's table has them."""
    return scale.shown(metric, scale.leveled(metric, task_scores(results, task, metric)).mean(axis=1))


def runs_shown(results: Results) -> int:
    """How many runs of each cell fit on the page."""
    sizes = [32 + 6 * len(runs_of(r, None).steps) for r in results.records.values() if finished(r)]
    return int(np.clip(RUN_BYTES // max(sum(sizes), 1), FEWEST, MOST))


def thousandths(ratios: np.ndarray) -> list[Any]:
    """log10 of ratios (…), as whole PLACES; None where a run has left the numbers."""
    with np.errstate(all="ignore"):
        logs = np.log10(np.maximum(ratios, FLOOR)) * PLACES
    return np.where(np.isfinite(logs), np.round(logs), np.nan).astype(object).tolist()


def whole(values: list[Any]) -> list[Any]:
    """Nested lists with whole numbers as int, and None for what is no number: shorter as JSON."""
    return [whole(v) if isinstance(v, list) else None if v != v else int(v) for v in values]


def _cell(
    record: Record,
    metric: Metric,
    means: Mapping[str, str],
    shown: int,
    shared: dict[str, list[Any]],
    folders: str,
    needs: Needs,
) -> dict[str, Any]:
    cell = record.cell
    about = {
        "id": cell.id,
        "kind": record.kind,
        "discloses": disclosed(record.discloses),
        "floor": significant(record.floor, 6),
        "definition": cell.optimizer_definition,
        "task": cell.task_definition,
        "budget": _budget(record),
        "commands": [
            ["this cell again", commands.cell(cell, needs)],
            ["its curves", f"python -m bench curves {folders}"],
        ],
        "provenance": _place(shared["provenance"], record.provenance),
        "versions": _place(shared["versions"], cell.versions),
    }
    if not finished(record):
        return {**about, "error": record.error or "no runs"}
    return {
        **about,
        "tuned": [[name, means[name], *_tuned(record, m)] for name, m in METRICS.items()],
        "defaults": settings(record.thetas.get("default", {})),
        "ranges": ranges(cell.optimizer_definition),
        "trials": best_trials(record, metric),
        "runs": some_runs(record, metric, shown),
        "ledger": [[_spent(name), _amount(name, value)] for name, value in sorted(record.ledger.items())],
    }


def disclosed(values: Mapping[str, Any]) -> str:
    """`knows horizon: no, trained on: rosenbrock`."""
    return "; ".join(f"{name.replace('_', ' ')}: {_plain(value)}" for name, value in values.items())


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return short(value) if isinstance(value, (int, float)) else str(value)


def _budget(record: Record) -> str:
    budget = record.cell.budget
    runs = f"{counted(budget.steps, 'gradient evaluation')} a run, {counted(budget.seeds, 'problem')}"
    return f"{runs}, {budget.tuning_words if record.trials else 'nothing tuned'}"


def some_runs(record: Record, metric: Metric, count: int) -> dict[str, Any]:
    """Up to `count` runs at even ranks from the best to the worst, by `metric`: scores by all metrics, and curves."""
    runs = runs_of(record, metric)
    order = np.argsort(-metric.sign * metric.score(runs, record.floor), kind="stable")
    places = np.unique(np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int))
    seeds = order[places]
    part = Runs(runs.steps, *(np.asarray(values)[seeds] for values in runs[1:]))
    scored = {name: m.score(part, record.floor) for name, m in METRICS.items()}
    return {
        "metric": metric.name,
        "tuned": chosen(record, metric) if record.trials else "",
        "total": len(order),
        "diverged": int((runs.diverged >= 0).sum()),
        "steps": runs.steps,
        "rows": [
            [int(place) + 1, int(seed), *(number(float(scored[name][i])) for name in METRICS), _step(part.diverged[i])]
            for i, (place, seed) in enumerate(zip(places, seeds, strict=True))
        ],
        "curves": whole(thousandths(above_floor(part.losses, record.floor))),
    }


def best_trials(record: Record, metric: Metric) -> dict[str, Any]:
    """The BEST_TRIALS configurations of lowest or highest mean `metric` on the tuning problems; empty if untuned."""
    table = record.trials
    if metric.name not in table:
        return {}
    names = [name for name in table if name != "trial" and name not in METRICS]
    scores = np.asarray(table[metric.name], float)
    order = np.argsort(np.where(np.isfinite(scores), -metric.sign * scores, np.inf), kind="stable")[:BEST_TRIALS]
    again = dict(zip(record.recheck.get("trial", []), record.recheck.get(metric.name, []), strict=True))
    rows = [
        [
            str(table["trial"][i]),
            number(scores[i]),
            *([number(again[i]) if i in again else "–"] if again else []),
            settings({n: table[n][i] for n in names}),
        ]
        for i in order
    ]
    headers = ["trial", metric.name, *(["on fresh problems"] if again else []), "θ"]
    return {
        "metric": metric.name,
        "total": len(scores),
        "headers": headers,
        "rows": rows,
        "luck": _luck(record, metric),
    }


def _luck(record: Record, metric: Metric) -> str:
    """What other trials would have brought, in a sentence; nothing where that is not known."""
    found = luck(record, metric)
    if found is None or not np.isfinite(found.low):
        return ""
    fresh = " Fresh problems are those of the re-check; the best over both sets is reported." if record.recheck else ""
    score = with_interval(found.score, found.low, found.high)
    return f"Best of these trials, and where the best of as many others would lie (95 %): {score}.{fresh}"


def _tuned(record: Record, metric: Metric) -> list[str]:
    """What θ was tuned for under `metric`, and the θ that tuning chose; nothing where nothing was tuned."""
    name = chosen(record, metric)
    theta = record.thetas.get(name, {})
    swept = {setting: theta[setting] for setting in record.trials if setting in theta}
    return [name, settings(swept)] if swept else []


def _step(diverged: int) -> str:
    return "–" if diverged < 0 else str(int(diverged))


def _spent(name: str) -> str:
    return name.replace("gradients_", "gradient evaluations, ").replace("seconds_", "seconds, ").replace("_", " ")


def _amount(name: str, value: float) -> str:
    return seconds_only(value) if name.startswith("seconds_") else count(value)


def _place(known: list[Any], value: Any) -> int:
    if value not in known:
        known.append(value)
    return known.index(value)
