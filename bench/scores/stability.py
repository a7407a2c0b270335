"""How firm a board's order is: tiers, what each task and entry does to it, the problems that would part neighbors.

The score of an entry does not depend on others, but which tasks all have run does, and so what is left without one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bench.errors import UserError
from bench.scores import absent, homes, intervals, scale, statistics
from bench.scores.board_notes import FEWEST_TASKS
from bench.scores.choose import narrow
from bench.scores.leaderboard import leaderboard
from bench.scores.metrics import Metric, get
from bench.scores.results import Results, load, scores

POWER = 0.8
"""Chance with which the problems named part two entries that differ as much as these did."""
_REPLICATES = 1000


def stability(
    out: Any, metric: str = "anytime", board: pd.DataFrame | None = None, *, runs: bool = True
) -> pd.DataFrame:
    """One row per entry that competes, in the order of the board.

    `tier`: of entries that no test parts from each other (`tiers`). `task_low, task_high`: ranks when any one task is
    left out, `moved_by` the task that moves it most; `entry_low, entry_high`: when any one other entry is. `next`:
    whose place is below, `improvement` the chance to be better than it on a problem of each (`improvement`),
    `problems_needed` of each task to part them (`problems_needed`). `score` is over task means, `iqm_runs` (with its
    interval) over all runs, unless `runs` says no. `board`: the leaderboard by `metric`, where it is there already.
    Raises UserError.
    """
    results, measured = load(out), get(metric)
    board = (leaderboard(results, metric) if board is None else board).set_index("optimizer")
    tasks = absent.common(results)
    names = [name for name in board.index if name in {results.optimizers[i] for i in homes.competing(results)}]
    if not tasks or len(names) < 2:
        raise UserError("fewer than two optimizers compete on common tasks here; see python -m bench leaderboard")
    every = _Every(results.optimizers, scores(results, measured), measured)
    tables = every.of(tasks, names)
    order = _ranks(tables, measured)
    by_task = {t: _ranks({k: v for k, v in tables.items() if k != t}, measured) for t in tasks if len(tasks) > 1}
    by_entry = dict(_without_entries(results, every, names, order))
    frame = board.loc[names, ["rank", "rank_low", "rank_high", "score", "low", "high"]].reset_index()
    frame = frame.assign(
        tier=tiers(frame["rank_low"], frame["rank_high"]),
        **_extremes("task", order, list(by_task.values())),
        moved_by=_movers(order, by_task),
        **_extremes("entry", order, list(by_entry.values())),
        **_neighbors(tables, measured, names),
        **(_over_runs(tables, measured) if runs else {}),
    )
    beside = ", iqm runs that of all runs" if runs else ""
    about = f"{metric} [95 %] is the interquartile mean of task means{beside}."
    notes = [f"{metric}: {measured.summary}; {measured.better} is better. {about}"]
    frame.attrs = {"metric": metric, "notes": notes + _notes(results, order, by_task, by_entry), "infinite": "never"}
    return frame


def tiers(lows: Any, highs: Any) -> list[Any]:
    """Number of the tier of each row, best first: a tier begins where no rank range above reaches; NA without ranks."""
    found: list[Any] = []
    tier = reached = 0
    for low, high in zip(lows, highs, strict=True):
        if pd.isna(low):
            found.append(pd.NA)
            continue
        tier += int(low > reached)
        reached = max(reached, int(high))
        found.append(tier)
    return found


def kendall(a: np.ndarray, b: np.ndarray) -> float:
    """Kendall's τ of two rankings (n,): share of pairs in the same order, or tied in both, less the opposite ones."""
    upper = np.triu_indices(len(a), 1)
    signs = [np.sign(ranks[:, None] - ranks[None, :])[upper] for ranks in (np.asarray(a), np.asarray(b))]
    agreement = np.where(signs[0] == signs[1], 1.0, signs[0] * signs[1])
    return float(agreement.mean()) if len(agreement) else 1.0


def improvement(a: np.ndarray, b: np.ndarray, sign: int) -> float:
    """P(a run of A is better than another of B), ties for half, over all pairs of runs (Agarwal et al., 2021).

    >>> from bench.scores.stability import improvement
    >>> import numpy as np
    >>> improvement(np.array([1.0, 3.0]), np.array([1.0, 2.0]), -1)  # wins 1-2, ties 1-1, loses 3-1 and 3-2
    0.375
    """
    ordered, mine = np.sort(sign * b), sign * a
    below, at_most = (np.searchsorted(ordered, mine, side=side) for side in ("left", "right"))
    return float(np.mean(below + at_most) / (2 * len(ordered)))


def problems_needed(difference: float, error: float, problems: int) -> float:
    """Problems of each task that would part entries at 5 % with POWER, if they differ as much and spread as much.

    n · ((z(97.5 %) + z(80 %)) · standard error / difference)², n the problems of the task with the fewest; infinite
    for no difference.
    """
    if not error > 0 or math.isnan(difference):
        return math.nan
    z = NormalDist().inv_cdf(1 - (1 - statistics.LEVEL) / 2) + NormalDist().inv_cdf(POWER)
    return float(math.ceil(problems * (z * error / difference) ** 2)) if difference else math.inf


def iqm_of_runs(table: list[np.ndarray], weights: list[np.ndarray] | None = None) -> np.ndarray:
    """Interquartile mean over all runs of all tasks [(problems,) …], every task weighing the same, as rliable's.

    `weights`: [(replicates, problems) …] how often each run counts, once by default -> (replicates,) or a number.
    """
    counts = [len(scores) for scores in table]
    drawn = weights or [np.ones((1, count)) for count in counts]
    shares = np.concatenate([w / (count * len(counts)) for w, count in zip(drawn, counts, strict=True)], axis=1)
    values = np.concatenate(table)
    order = np.argsort(values, kind="stable")
    total = sum(counts)
    cut = (total // 4) / total if min(counts) == max(counts) else 0.25
    reached = np.concatenate([np.zeros((len(shares), 1)), np.cumsum(shares[:, order], axis=1)], axis=1)
    kept = np.diff(np.clip(reached, cut, 1 - cut), axis=1)
    means = kept @ values[order] / kept.sum(axis=1)
    return means if weights else means[0]


class _Every(NamedTuple):
    """Scores of all: the names of the rows, {task: (entries, problems)}, and by which metric."""

    optimizers: list[str]
    tables: dict[str, np.ndarray]
    metric: Metric

    def of(self, tasks: Iterable[str], names: Iterable[str]) -> dict[str, np.ndarray]:
        """{task: (entries, problems)} on the metric's scale, of some entries on some tasks."""
        rows = [self.optimizers.index(name) for name in names]
        return {task: scale.leveled(self.metric, self.tables[task][rows]) for task in tasks}


def _ranks(tables: dict[str, np.ndarray], metric: Metric) -> np.ndarray:
    merit = metric.sign * statistics.iqm(np.stack([table.mean(axis=1) for table in tables.values()]))
    return 1 + (merit[None, :] > merit[:, None]).sum(axis=1)


def _without_entries(
    results: Results, every: _Every, names: list[str], order: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    """Ranks without each entry, over the tasks that the others have in common; its own place is kept free."""
    for at, name in enumerate(names):
        others = narrow(results, (), [other for other in results.optimizers if other != name])
        left = [other for other in names if other != name]
        tasks = absent.common(others)
        if tasks and left:
            ranks = _ranks(every.of(tasks, left), every.metric)
            ranks = ranks + (np.delete(order, at) > order[at])
            yield name, np.insert(ranks, at, order[at])


def _extremes(name: str, order: np.ndarray, ranks: list[np.ndarray]) -> dict[str, np.ndarray]:
    every = np.array(ranks or [order])
    return {f"{name}_low": every.min(axis=0), f"{name}_high": every.max(axis=0)}


def _movers(order: np.ndarray, by_task: dict[str, np.ndarray]) -> list[str]:
    tasks, moves = list(by_task), np.abs(np.array(list(by_task.values())) - order) if by_task else np.zeros((1, 0))
    return [tasks[int(moves[:, i].argmax())] if by_task and moves[:, i].any() else "" for i in range(len(order))]


def _neighbors(tables: dict[str, np.ndarray], metric: Metric, names: list[str]) -> dict[str, list[Any]]:
    means, replicates, _ = statistics.suite_iqms(tables, statistics.generator(), statistics.REPLICATES)
    total, fewest = statistics.iqm(means), min(table.shape[1] for table in tables.values())
    found: dict[str, list[Any]] = {"next": [], "improvement": [], "problems_needed": []}
    for i in range(len(names) - 1):
        error = float(intervals.deviation(replicates[:, i] - replicates[:, i + 1], fewest))
        found["next"].append(names[i + 1])
        chances = [improvement(table[i], table[i + 1], metric.sign) for table in tables.values()]
        found["improvement"].append(float(np.mean(chances)))
        found["problems_needed"].append(problems_needed(float(total[i] - total[i + 1]), error, fewest))
    return {name: [*column, "" if name == "next" else np.nan] for name, column in found.items()}


def _over_runs(tables: dict[str, np.ndarray], metric: Metric) -> dict[str, np.ndarray]:
    """Columns iqm_runs, iqm_runs_low, iqm_runs_high; the interval of percentiles, as rliable's."""
    streams = statistics.generator(2).spawn(len(tables))
    weights = [
        rng.multinomial(table.shape[1], np.full(table.shape[1], 1 / table.shape[1]), _REPLICATES).astype("float64")
        for rng, table in zip(streams, tables.values(), strict=True)
    ]
    rows = [[table[i] for table in tables.values()] for i in range(len(next(iter(tables.values()))))]
    value = np.array([iqm_of_runs(row) for row in rows])
    drawn = np.stack([iqm_of_runs(row, weights) for row in rows], axis=1)
    found = scale.shown_interval(metric, statistics.interval(value, drawn))
    return dict(zip(("iqm_runs", "iqm_runs_low", "iqm_runs_high"), found, strict=True))


def _notes(
    results: Results, order: np.ndarray, by_task: dict[str, np.ndarray], by_entry: dict[str, np.ndarray]
) -> list[str]:
    notes = [
        "tier: a number that entries share which no test tells apart. without a task, without an entry: the ranks that "
        "an entry gets when any one task, or any one other entry, is left out; most moved by: the task that does most.",
        "improvement: the chance that a run of an entry beats a run of the next one on the same task. problems needed: "
        f"of each task, to tell the two apart at 5 % with {100 * POWER:.0f} % power.",
    ]
    for noun, ranks in (("task", by_task), ("entry", by_entry)):
        if ranks:
            worst = min(ranks, key=lambda name: kendall(order, ranks[name]))
            tau = kendall(order, ranks[worst])
            which = f"without {worst}" if tau < 1 else "whichever is left out"
            notes.append(f"Least agreement of the order when one {noun} is left out: Kendall's τ {tau:.2f}, {which}.")
    if len(results.tasks) < FEWEST_TASKS:
        notes.append(f"With fewer than {FEWEST_TASKS} tasks the order rests on each of them.")
    return notes
