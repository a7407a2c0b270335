"""Where entries are at home: who competes with whom, and what meta-training pays where it wins.

A learned optimizer that is not tuned on a task is at home where it was meta-trained. Elsewhere it is foreign (not tuned
here, not trained here) and stands unranked; one meta-trained on several tasks is a generalist there, and stands apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from bench.errors import UserError
from bench.records.record import Record
from bench.scores.metrics import get
from bench.scores.results import Results, finished, load
from bench.scores.verdicts import verdicts

STANDINGS = ("tuned", "home", "as it comes", "generalist", "foreign", "oracle")
"""In the order of a board; "as it comes": hand-designed and untuned, or learned and silent on its training."""
_COMPETE = STANDINGS[:3]


def trained_on(record: Record) -> tuple[str, ...]:
    """Names of the tasks that an entry discloses to be meta-trained on."""
    return tuple(map(str, record.discloses.get("trained_on", ())))


def trials(record: Record | None) -> int:
    """Configurations that tuning tried in a cell."""
    return len(next(iter(record.trials.values()), ())) if record is not None else 0


def standing(results: Results, optimizer: str, tasks: Iterable[str] | None = None) -> str:
    """Of one entry on some tasks, or all: one of STANDINGS, the least of those it has on each."""
    mine = results.of_optimizer(optimizer)
    found = {_on(mine, results.records.get((t, optimizer)), t) for t in (results.tasks if tasks is None else tasks)}
    return max(found, key=STANDINGS.index, default=_on(mine, None, ""))


def _on(mine: list[Record], record: Record | None, task: str) -> str:
    """Of an entry with the records `mine` on one task, where it has `record`."""
    homes = trained_on(record or mine[0])
    if mine[0].kind == "oracle":
        return "oracle"
    if any(map(trials, [record] if record is not None and record.runs else mine)):
        return "tuned"
    if mine[0].kind != "learned" or not homes:
        return "as it comes"
    return "home" if task in homes else "generalist" if len(homes) > 1 else "foreign"


def competing(results: Results, tasks: Iterable[str] | None = None) -> np.ndarray:
    """Which of `results.optimizers` are ranked on some tasks, or all: (n,) indices."""
    tasks = list(results.tasks if tasks is None else tasks)
    return np.array([i for i, o in enumerate(results.optimizers) if standing(results, o, tasks) in _COMPETE], int)


def places(standings: pd.Series) -> pd.Series:
    """Where entries stand on a board, by their standing: 0 those that compete, then the others, each kind apart."""
    return standings.map(lambda name: max(0, STANDINGS.index(name) - len(_COMPETE) + 1))


def columns(results: Results, tasks: Iterable[str] | None = None) -> dict[str, list[str]]:
    """`standing` and `trials` ("64", or "24–64" where tasks differ) of each entry, on some tasks or all."""
    tasks = list(results.tasks if tasks is None else tasks)
    among = set(tasks)
    counts = [
        [trials(record) for record in results.of_optimizer(name) if record.cell.task in among and finished(record)]
        for name in results.optimizers
    ]
    spans = ["–" if not c else f"{min(c)}" if min(c) == max(c) else f"{min(c)}–{max(c)}" for c in counts]
    return {"standing": [standing(results, name, tasks) for name in results.optimizers], "trials": spans}


def about(results: Results, tasks: Iterable[str] | None = None) -> pd.DataFrame:
    """One row per entry: name, kind, finished cells (`tasks`), `missing` and `failed` ones, what it was trained on, and
    `columns` of some tasks or all.
    """
    rows = []
    for name in results.optimizers:
        records = results.of_optimizer(name)
        done, applies = sum(map(finished, records)), sum(results.applies(task, name) for task in results.tasks)
        home = ", ".join(trained_on(records[0]))
        rows.append((name, records[0].kind, done, applies - done, len(records) - done, home))
    frame = pd.DataFrame(rows, columns=["optimizer", "kind", "tasks", "missing", "failed", "trained_on"])
    return frame.assign(**columns(results, tasks))


def ordered(frame: pd.DataFrame, sign: int) -> pd.DataFrame:
    """Rows of a board, with `standing` and `score` (higher is better for sign +1): who competes, best first, then the
    others; equals by name.
    """
    keys = frame[["optimizer"]].assign(out=places(frame["standing"]), merit=-sign * frame["score"])
    order = keys.sort_values(["out", "merit", "optimizer"], kind="stable").index
    return frame.loc[order].reset_index(drop=True)


def note(frame: pd.DataFrame) -> list[str]:
    """What a board with a column `standing` has to say of it."""
    shown = set(frame["standing"])
    said = {
        "home": "home: not tuned here, meta-trained on these tasks.",
        "foreign": "foreign: not tuned here, not trained here, or not on all of these tasks; shown, not ranked.",
        "generalist": "generalist: not tuned here, meta-trained on several tasks, not all of these; shown apart.",
        "as it comes": "as it comes: untuned, as its authors leave it.",
    }
    return [text for name, text in said.items() if name in shown]


def homes(out: Any, metric_for_task: Mapping[str, str] | None = None) -> pd.DataFrame:
    """One row per task and learned entry meta-trained on it: against the best hand-designed one, and break-even.

    Columns: those of `verdicts`, then trials and baseline_trials, gradients_metatraining and gradients_tuning (of the
    baseline on this task), break_even, and the same three in seconds. Break-even is how many such tunings cost what
    meta-training did: infinite (never) where it is not ahead or nothing was tuned, NaN where its cost is not known.
    Raises UserError.
    """
    results = load(out)
    found = verdicts(results, metric_for_task)
    at_home = [_at_home(results, row) for row in found.itertuples()]
    found = found[np.array(at_home, bool)].reset_index(drop=True)
    costs = pd.DataFrame([_costs(results, row) for row in found.itertuples()], columns=_COSTS)
    frame = pd.concat([found, costs], axis=1)
    frame.attrs = {"infinite": "never", "notes": _HOME_NOTES}
    return frame


def board(out: Any, metric: str) -> pd.DataFrame:
    """`homes` by one metric; raises UserError where no learned optimizer is at home."""
    results = load(out)
    frame = homes(results, dict.fromkeys(results.tasks, get(metric).name))
    if frame.empty:
        raise UserError("no learned optimizer here has run on a task it was trained on, beside hand-designed ones")
    return frame


_COSTS = [
    "trials",
    "baseline_trials",
    "gradients_metatraining",
    "gradients_tuning",
    "break_even",
    "seconds_metatraining",
    "seconds_tuning",
    "break_even_seconds",
]
_HOME_NOTES = [
    "Learned optimizers on tasks they were meta-trained on, each against the best hand-designed one there.",
    "break even: how many tunings of that baseline on that task cost as many gradients (then seconds) as the "
    "meta-training; never, where it is not ahead.",
]


def _at_home(results: Results, row: Any) -> bool:
    both_ran = all((row.task, name) in results.records for name in (row.optimizer, row.baseline))
    return both_ran and row.task in trained_on(results.records[row.task, row.optimizer])


def _costs(results: Results, row: Any) -> list[float]:
    mine, theirs = (results.records[row.task, name] for name in (row.optimizer, row.baseline))
    costs: list[float] = [trials(mine), trials(theirs)]
    for unit in ("gradients", "seconds"):
        paid, saved = mine.ledger.get(f"{unit}_metatraining", 0.0), theirs.ledger.get(f"{unit}_tuning", 0.0)
        costs += [paid, saved, break_even(paid, saved, row.word == "ahead")]
    return costs


def break_even(paid: float, saved: float, ahead: bool) -> float:
    """How often what costs `saved` must be saved to have saved `paid`: a whole number, infinite: never, NaN: unknown.

    >>> from bench.scores.homes import break_even
    >>> break_even(1000.0, 300.0, True), break_even(1000.0, 300.0, False), break_even(0.0, 300.0, True)
    (4.0, inf, nan)
    """
    if not ahead or saved <= 0:
        return math.inf
    return float(math.ceil(paid / saved)) if paid > 0 else math.nan
