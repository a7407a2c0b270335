"""Boards by any metric there is: `leaderboard` by those that tuning selects by, the same table by any other measure.

What resamples problems is `bench.scores.statistics`; a median's own bootstrap law is a beta distribution of its place
in order (Efron, 1979, Bootstrap methods), so that it needs no resampling.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bench.errors import UserError
from bench.records.record import Record
from bench.scores import absent, homes, measures, statistics
from bench.scores.board_notes import FEWEST_TASKS, ORACLES, no_ranks
from bench.scores.intervals import FEWEST
from bench.scores.leaderboard import leaderboard
from bench.scores.measures import Measure
from bench.scores.metrics import Metric
from bench.scores.results import Results, chosen, finished, load
from bench.terminal import counted


def board(out: Any, metric: str = "anytime", missing: str = "common", better: str | None = None) -> pd.DataFrame:
    """`bench.scores.leaderboard.leaderboard` by any metric: METRICS, MEASURES, or what the tasks measure themselves.

    Of a measure, scores are of the runs tuned for the mean loss (untuned ones where nothing was tuned), `score` is the
    interquartile mean over tasks of each task's number (the median of what may be infinite: never), and a cell without
    a number is missing. `better` is "higher" or "lower" for a task's own measure whose name does not say which. Raises
    UserError.
    """
    results = load(out)
    measure = measures.find(metric, results.records.values(), better)
    if isinstance(measure, Metric):
        return leaderboard(results, metric, missing)
    if absent.check(missing) == "worst" and np.isnan(measure.worst):
        raise UserError(f"{metric} has no worst value that a missing cell could count as; leave out --missing worst")
    return _board(results, measure, missing)


class _Number(NamedTuple):
    """A task's number of one entry, and its replicates (R,)."""

    value: float
    replicates: np.ndarray


def values(record: Record | None, measure: Measure) -> np.ndarray | None:
    """Of the runs of a finished cell that are tuned for the mean loss, else untuned: (runs,); None: it has none."""
    if record is None or not finished(record):
        return None
    return measure.values(record, chosen(record, None))


def _board(results: Results, measure: Measure, missing: str) -> pd.DataFrame:
    numbers = {task: _task_numbers(results, task, measure, missing) for task in results.tasks}
    of = {task: dict(zip(results.optimizers, row, strict=True)) for task, row in numbers.items()}

    def there(task: str, optimizer: str) -> bool:
        return of[task][optimizer] is not None

    measured = [task for task in results.tasks if any(number is not None for number in numbers[task])]
    within = replace(results, tasks=measured)
    tasks = absent.common(within, there) if missing == "common" else measured
    over, lacking = replace(within, tasks=tasks), set(absent.lacking(within, tasks, there))
    shown = [i for i, o in enumerate(results.optimizers) if i not in lacking and _everywhere(results, o, tasks)]
    frame = homes.about(results, tasks or results.tasks).assign(**_columns(over, numbers, shown, measure))
    means = {t: [np.nan if n is None else n.value for n in numbers[t]] for t in results.tasks}
    frame = pd.concat([frame[[*_FRONT, *_BACK]], pd.DataFrame(means)], axis=1)
    frame = homes.ordered(frame, measure.sign)
    notes = [*_notes(results, measure, measured, tasks), *absent.note(within, tasks, there), *homes.note(frame)]
    frame.attrs = {"metric": measure.name, "notes": notes, "tasks": results.tasks, "infinite": "never"}
    return frame


_RANKS = ["rank", "rank_low", "rank_high"]
_SCORES = ["score", "low", "high", "low_tasks", "high_tasks"]
_FRONT = [*_RANKS, "optimizer", "kind", "standing", "trials", *_SCORES]
_BACK = ["tasks", "missing", "failed", "trained_on"]


def _everywhere(results: Results, optimizer: str, tasks: Sequence[str]) -> bool:
    return bool(tasks) and all(results.applies(task, optimizer) for task in tasks)


def _columns(over: Results, numbers: dict[str, list[Any]], shown: list[int], measure: Measure) -> dict[str, Any]:
    """Ranks and scores of the entries at `shown`, over the tasks of `over`."""
    count = len(over.optimizers)
    columns: dict[str, Any] = {name: pd.array([pd.NA] * count, dtype="Int64") for name in _RANKS}
    columns |= {name: np.full(count, np.nan) for name in _SCORES}
    if not shown:
        return columns
    rows = [[numbers[task][i] for task in over.tasks] for i in shown]
    total = _across(np.array([[n.value for n in row] for row in rows]), measure)
    drawn = np.stack([np.stack([n.replicates for n in row], axis=1) for row in rows], axis=2)
    replicates = _across(drawn, measure)
    columns["score"][shown] = total
    columns["low"][shown], columns["high"][shown] = _interval(replicates)
    if len(over.tasks) >= FEWEST_TASKS:
        others = _across(statistics.with_tasks(drawn, statistics.generator(1)), measure)
        columns["low_tasks"][shown], columns["high_tasks"][shown] = _interval(others)
    if min(map(over.problems, over.tasks)) < FEWEST:
        return columns
    competing = set(homes.competing(over))
    ranked = [at for at, i in enumerate(shown) if i in competing]
    merit, p = measure.sign * total[ranked], statistics.holm_pairs(_p_values(_leveled(replicates[:, ranked], measure)))
    low, high = statistics.rank_ranges(merit, p)
    place = 1 + (merit[None, :] > merit[:, None]).sum(axis=1)
    for name, values in zip(_RANKS, (place, low, high), strict=True):
        columns[name][[shown[at] for at in ranked]] = values
    return columns


def _across(numbers: np.ndarray, measure: Measure) -> np.ndarray:
    """Over tasks, axis 1: the interquartile mean; the median of what may be infinite, the lower of two."""
    if np.isinf(measure.worst):
        return np.sort(numbers, axis=1).take((numbers.shape[1] - 1) // 2, axis=1)
    return statistics.iqm(numbers, axis=1)


def _task_numbers(results: Results, task: str, measure: Measure, missing: str) -> list[_Number | None]:
    """Of each entry on a task; None where its cell has no number."""
    void = any(fault.void for fault in results.faults if fault.task == task)
    found: dict[int, np.ndarray] = {}
    for i, record in enumerate(results.of_task(task)):
        held = None if void else values(record, measure)
        if held is None and _counts_as_worst(record, missing) and not np.isnan(measure.worst):
            held = np.full(results.problems(task), measure.worst)
        if held is not None:
            found[i] = np.where(np.isnan(held), -measure.sign * np.inf, held)  # no number is as bad as can be
    steps = max(record.cell.budget.steps for (of, _), record in results.records.items() if of == task)
    drawn = dict(zip(found, _numbers(list(found.values()), measure, steps), strict=True))
    return [drawn.get(i) for i in range(len(results.optimizers))]


def _counts_as_worst(record: Record | None, missing: str) -> bool:
    return missing == "worst" if record is None else not finished(record)


def _numbers(runs: list[np.ndarray], measure: Measure, steps: int) -> list[_Number]:
    """The number of each entry of a task from its runs (runs,), paired by problem."""
    if measure.over_runs == "median":
        return [_median(one) for one in runs]
    if measure.over_runs == "expected":
        spent = _resampled([np.where(np.isfinite(one), one, steps) for one in runs])
        success = _resampled([np.isfinite(one).astype("float64") for one in runs])
        return [
            _Number(float(_over(s.value, t.value)), _over(s.replicates, t.replicates))
            for s, t in zip(spent, success, strict=True)
        ]
    return _resampled(runs)


def _resampled(runs: list[np.ndarray]) -> list[_Number]:
    """Means with their replicates; what does not vary, or is infinite, has the same in each."""
    varies = [i for i, one in enumerate(runs) if np.isfinite(one).all() and (one != one[0]).any()]
    found = [_Number(float(one.mean()), np.full(statistics.REPLICATES, one.mean())) for one in runs]
    if varies:
        drawn = statistics.resampled_means(np.stack([runs[i] for i in varies]), statistics.generator())
        for at, i in enumerate(varies):
            found[i] = found[i]._replace(replicates=drawn[:, at])
    return found


def _median(values: np.ndarray) -> _Number:
    ordered, at, count = np.sort(values), (len(values) - 1) // 2, len(values)
    places = statistics.generator().beta(at + 1, count - at, statistics.REPLICATES) * count
    return _Number(float(ordered[at]), ordered[np.minimum(places.astype(int), count - 1)])


def _over(spent: Any, success: Any) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(success) > 0, np.divide(spent, success), np.inf)


def _interval(replicates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % of replicates (R, n); none of what does not vary, which was measured once or has reached an end."""
    low, high = np.percentile(replicates, [2.5, 97.5], axis=0, method="inverted_cdf")
    varies = replicates.min(axis=0) < replicates.max(axis=0)
    return np.where(varies, low, np.nan), np.where(varies, high, np.nan)


def _leveled(replicates: np.ndarray, measure: Measure) -> np.ndarray:
    """Logarithms of what compares by its ratio, where there are any: their law is nearer to a normal one."""
    return np.log(replicates) if measure.comparison == "ratio" and (replicates > 0).all() else replicates


def _p_values(replicates: np.ndarray) -> np.ndarray:
    """Two-sided p of every pair: (R, n) -> (n, n), twice the share of replicates on the smaller side of zero.

    Where none is, by the normal law of the difference, and at least _LEAST.
    """
    count, entries = replicates.shape
    p = np.ones((entries, entries))
    for i in range(entries):
        rest, mine = replicates[:, i + 1 :], replicates[:, i, None]
        extreme = np.minimum((rest <= mine).sum(axis=0), (rest >= mine).sum(axis=0))
        tail = [_tail(one, mine[:, 0]) for one in rest.T]
        p[i, i + 1 :] = np.where(extreme > 0, np.minimum(1.0, 2 * (extreme + 1) / (count + 1)), tail)
    return np.minimum(p, p.T)


_LEAST = 2.0**-29
"""The least p that a sign-flip test of 30 pairs can give."""


def _tail(one: np.ndarray, other: np.ndarray) -> float:
    """Two-sided p of a difference, by a normal law; _LEAST where nothing varies or something is infinite."""
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return _LEAST
    difference = one - other
    if (difference == difference[0]).all():
        return _LEAST
    distance = abs(difference.mean()) / difference.std()
    return float(np.clip(math.erfc(distance / math.sqrt(2)), _LEAST, 2 / (len(difference) + 1)))


def _notes(results: Results, measure: Measure, measured: list[str], tasks: list[str]) -> list[str]:
    over = "median" if np.isinf(measure.worst) else "interquartile mean"
    others = ", then (other tasks) over tasks too" if len(tasks) >= FEWEST_TASKS else ""
    fewest = min(map(results.problems, tasks), default=0)
    notes = [
        f"{measure.name}: {measure.summary}; {measure.better} is better.",
        f"Score: {over} over {counted(len(tasks), 'task')}, of runs tuned for the mean loss; "
        f"95 % intervals over problems{others}.",
        "Optimizers that do not differ significantly (bootstrap over problems, Holm's correction, 5 %) share a rank "
        "range."
        if fewest >= FEWEST
        else no_ranks(fewest),
    ]
    if left := len(results.tasks) - len(measured):
        notes.append(f"{left} of {len(results.tasks)} tasks have no {measure.name}.")
    if any(results.kind(name) == "oracle" for name in results.optimizers):
        notes.append(ORACLES)
    return [*notes, *map(str, results.faults)]
