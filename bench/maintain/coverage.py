"""How often printed intervals cover, and how often equals are called different, on real scores.

A run's folder is the pool: its scores by task, metric and optimizer are taken for the truth, samples of its problems
for runs. Equals are made of real scores too: every entry of a race takes, problem by problem, the score of a
hand-designed optimizer drawn at random, so that all have one distribution and share what makes a problem hard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from bench.records.files import write_bytes
from bench.reports.tables import piped
from bench.scores import intervals, scale, statistics
from bench.scores.metrics import METRICS, Metric
from bench.scores.numbers import percent
from bench.scores.results import Results, finished, load, runs_of, task_scores

PROBLEMS = (8, 32, 64, 512)
DRAWS = 150
REPLICATES = 1000
BOARD = 8
"""Equals on a board, of which any two may be called different."""
BASELINES = 32
"""Equals of a learned entry, one of which is its rival."""
TUNING = 64
"""Problems on which the rival is picked."""
ENOUGH = 100
"""Intervals of a kind of one cell from which its own coverage counts as the worst."""


class _Truth(NamedTuple):
    """Rows that intervals are of: what each is called, and scores of the whole pool (rows, problems)."""

    names: list[str]
    pool: np.ndarray


class _Part(NamedTuple):
    """A truth, and bootstrap means of a sample of it: (replicates, rows)."""

    names: list[str]
    pool: np.ndarray
    replicates: np.ndarray


class _Pools(NamedTuple):
    """Of every cell: scores on the metric's scale by task and metric, and which runs diverged by task."""

    optimizers: list[str]
    scores: dict[tuple[str, str], _Truth]
    diverged: dict[str, _Truth]


def write(pool: Path, out: Path, draws: int = DRAWS, problems: Sequence[int] = PROBLEMS) -> str:
    """Put coverage.csv, races.csv and a page that shows both into `out` -> the page. Raises UserError."""
    results = load(pool)
    frames = {"coverage": coverage(results, draws, problems), "races": races(results, draws, problems)}
    for name, frame in frames.items():
        write_bytes(out / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n", float_format="%.4f").encode())
    command = f"python -m bench maintain intervals {pool} --out {out}" + (f" --draws {draws}" * (draws != DRAWS))
    text = page(frames["coverage"], frames["races"], command, draws)
    write_bytes(out / "table.md", text.encode())
    return text


def coverage(results: Results, draws: int = DRAWS, problems: Sequence[int] = PROBLEMS, seed: int = 0) -> pd.DataFrame:
    """One row per interval, metric and number of problems.

    `printed`: the share of samples in which there is one; `covered`: of those, the share that hold the truth;
    `percentiles`: what percentile intervals of the same resamples cover, printed or not; `worst`, `worst_covered`: the
    cell with the least, of those with ENOUGH.
    """
    rng, pools = statistics.generator(seed), _pools(results)
    rows = []
    for n in problems:
        counts: dict[tuple[str, str], _Count] = {}
        for _ in range(draws):
            for kind, metric, names, truth, found, plain in _sampled(pools, n, rng):
                counts.setdefault((kind, metric), _Count()).add(names, truth, found, plain)
        rows += [{"interval": k, "metric": m, "problems": n, **count.row()} for (k, m), count in counts.items()]
    return pd.DataFrame(rows)


def races(results: Results, draws: int = DRAWS, problems: Sequence[int] = PROBLEMS, seed: int = 1) -> pd.DataFrame:
    """One row per kind of race of equals, metric and number of problems: how many, and the share called different.

    "two": `compare`. "board": any two of BOARD, after Holm's correction. "rival": a learned entry and the best of
    BASELINES, picked on TUNING other problems; "rival, reported": picked on the report problems, as it must not be.
    """
    rng = statistics.generator(seed)
    rows = []
    for n in problems:
        for metric in METRICS.values():
            told: dict[str, list[bool]] = {}
            for task in results.tasks:
                pool = _hand_designed(results, task, metric)
                for _ in range(draws):
                    for kind, different in _raced(pool, n, metric, rng):
                        told.setdefault(kind, []).append(different)
            rows += [
                {"race": kind, "metric": metric.name, "problems": n, "races": len(flags), "different": np.mean(flags)}
                for kind, flags in told.items()
            ]
    return pd.DataFrame(rows)


def page(covered: pd.DataFrame, raced: pd.DataFrame, command: str, draws: int) -> str:
    """Both frames for readers, and the command that made them."""
    headers = ["interval", "metric", "problems", "printed", "covers", "worst cell", "percentiles cover"]
    rows = [
        [
            str(row.interval),
            str(row.metric),
            str(row.problems),
            percent(row.printed),
            percent(row.covered) if row.printed else "–",
            f"{percent(row.worst_covered)} ({row.worst})" if row.worst else "–",
            percent(row.percentiles) if row.percentiles == row.percentiles else "–",
        ]
        for row in covered.itertuples()
    ]
    races = [
        [str(row.race), str(row.metric), str(row.problems), str(row.races), percent(row.different)]
        for row in raced.itertuples()
    ]
    lines = [
        "# How intervals cover, and how often equals are called different",
        "",
        f"Made by `{command}`: {draws} samples of each number of problems from the committed scores, which are taken "
        "for the truth. What each column means: [docs/statistics.md](../../../docs/statistics.md).",
        "",
        *piped(headers, rows),
        "",
        *piped(["race of equals", "metric", "problems", "races", "called different"], races),
    ]
    return "\n".join(lines) + "\n"


class _Count:
    """Intervals of one kind, counted by cell: how many samples, intervals, intervals that hold, percentiles that do."""

    def __init__(self) -> None:
        self.of: dict[str, np.ndarray] = {}

    def add(self, names: list[str], truth: np.ndarray, found: statistics.Interval, plain: np.ndarray) -> None:
        counts = np.stack([np.ones(len(truth)), np.isfinite(found.low), _holds(found, truth), plain], axis=1)
        for name, row in zip(names, counts, strict=True):
            self.of[name] = self.of.get(name, 0) + row

    def row(self) -> dict[str, float | str]:
        samples, printed, held, plain = np.sum(list(self.of.values()), axis=0)
        shares = {name: row[2] / row[1] for name, row in self.of.items() if row[1] >= ENOUGH}
        worst = min(shares, key=lambda name: shares[name], default="")
        return {
            "printed": float(printed / samples),
            "covered": float(held / max(printed, 1)),
            "percentiles": float(plain / samples),
            "worst": worst,
            "worst_covered": float(shares.get(worst, np.nan)),
        }


def _holds(found: statistics.Interval, truth: np.ndarray) -> np.ndarray:
    """Whether intervals hold the truth, but for rounding; False where there is none."""
    slack = 1e-9 * np.abs(truth)
    return (found.low - slack <= truth) & (truth <= found.high + slack)


_Found = tuple[str, str, list[str], np.ndarray, statistics.Interval, np.ndarray]


def _sampled(pools: _Pools, n: int, rng: np.random.Generator) -> Iterator[_Found]:
    """One sample of n problems of every task: (interval, metric, cells, truth, intervals, percentiles hold)."""
    drawn = {task: rng.integers(0, flags.pool.shape[1], n) for task, flags in pools.diverged.items()}
    whole: dict[str, list[_Part]] = {name: [] for name in METRICS}
    for task, at in drawn.items():
        for (kind, metric), part in _resampled(pools, task, at, rng).items():
            if kind == "mean":
                whole[metric].append(part)
                yield from _of_task(part, METRICS[metric], at)
            else:
                yield _mean(kind, _varying(part), METRICS[metric], at)
        yield _shares(task, pools.diverged[task], at)
    for metric, parts in whole.items():
        yield _across(pools.optimizers, METRICS[metric], parts, n, list(drawn.values()))


def _resampled(pools: _Pools, task: str, at: np.ndarray, rng: np.random.Generator) -> dict[tuple[str, str], _Part]:
    """{(interval, metric): what is resampled}, all by the same weights: drawing them takes the time."""
    truths = {("mean", metric): pools.scores[task, metric] for metric in METRICS}
    raw = {("raw mean", m.name): pools.scores[task, m.name] for m in METRICS.values() if m.in_logs}
    truths |= {key: truth._replace(pool=10**truth.pool) for key, truth in raw.items()}
    rows = np.concatenate([truth.pool[:, at] for truth in truths.values()])
    columns = np.split(statistics.resampled_means(rows, rng, REPLICATES), len(truths), axis=1)
    return {key: _Part(*truth, each) for (key, truth), each in zip(truths.items(), columns, strict=True)}


def _varying(part: _Part) -> _Part:
    """Without the cells whose scores do not vary."""
    kept = np.ptp(part.pool, axis=1) > 0
    return _Part(
        [name for name, keep in zip(part.names, kept, strict=True) if keep], part.pool[kept], part.replicates[:, kept]
    )


def _of_task(part: _Part, metric: Metric, at: np.ndarray) -> Iterator[_Found]:
    part = _varying(part)
    apart = _Part(part.names[1:], part.pool[1:] - part.pool[0], part.replicates[:, 1:] - part.replicates[:, :1])
    yield _mean("mean", part, metric, at)
    yield _mean("effect", apart, metric, at)
    for kind, of in (("median", part), ("median effect", apart)):
        middle = np.median(of.pool, axis=1)
        yield kind, metric.name, of.names, middle, intervals.median(of.pool[:, at]), np.full(len(middle), np.nan)


def _mean(kind: str, part: _Part, metric: Metric, at: np.ndarray) -> _Found:
    value = part.pool.mean(axis=1)
    make = intervals.raw if kind == "raw mean" else intervals.student
    found = make(part.pool[:, at].mean(axis=1), part.replicates, len(at))
    return kind, metric.name, part.names, value, found, _holds(statistics.interval(value, part.replicates), value)


def _across(names: list[str], metric: Metric, parts: list[_Part], n: int, ats: list[np.ndarray]) -> _Found:
    value = statistics.iqm(np.stack([part.pool.mean(axis=1) for part in parts]))
    mean = statistics.iqm(np.stack([part.pool[:, at].mean(axis=1) for part, at in zip(parts, ats, strict=True)]))
    replicates = statistics.iqm(np.stack([part.replicates for part in parts], axis=1), axis=1)
    plain = _holds(statistics.interval(value, replicates), value)
    return "mean over tasks", metric.name, names, value, intervals.student(mean, replicates, n), plain


def _shares(task: str, diverged: _Truth, at: np.ndarray) -> _Found:
    """Exact intervals of the diverged shares."""
    ends = np.array([intervals.proportion(int(count), len(at)) for count in diverged.pool[:, at].sum(axis=1)])
    truth = diverged.pool.mean(axis=1)
    found = statistics.Interval(truth, ends[:, 0], ends[:, 1])
    return "diverged share", task, diverged.names, truth, found, np.full(len(truth), np.nan)


def _pools(results: Results) -> _Pools:
    names = {task: [f"{name} on {task}" for name in results.optimizers] for task in results.tasks}
    scores = {
        (task, metric.name): _Truth(names[task], scale.leveled(metric, task_scores(results, task, metric)))
        for task in results.tasks
        for metric in METRICS.values()
    }
    flags = {
        task: [runs_of(r, METRICS["anytime"]).diverged >= 0 for r in results.of_task(task) if r and finished(r)]
        for task in results.tasks
    }
    diverged = {task: _Truth(names[task], np.array(flags[task])) for task in results.tasks}
    return _Pools(results.optimizers, scores, diverged)


def _hand_designed(results: Results, task: str, metric: Metric) -> np.ndarray:
    pool = scale.leveled(metric, task_scores(results, task, metric))
    return pool[[results.kind(name) == "hand-designed" for name in results.optimizers]]


def _raced(pool: np.ndarray, n: int, metric: Metric, rng: np.random.Generator) -> Iterator[tuple[str, bool]]:
    """Races of equals on n problems of `pool` (entries, problems): kind, and whether any two are called different."""
    board, tuning = _equals(pool, BOARD, n, rng), _equals(pool, BASELINES, TUNING, rng)
    reported = _equals(pool, 1 + BASELINES, n, rng)
    picked = [1 + int((metric.sign * judged.mean(axis=1)).argmax()) for judged in (tuning, reported[1:])]
    scores = np.concatenate([board, reported[[0, *picked]]])
    means, replicates = scores.mean(axis=1), statistics.resampled_means(scores, rng, REPLICATES)
    for kind, rows in {"two": [0, 1], "rival": [-3, -2], "rival, reported": [-3, -1]}.items():
        p = statistics.p_values(means[rows], replicates[:, rows], [n])
        yield kind, bool(p[0, 1] <= statistics.SIGNIFICANCE)
    p = statistics.holm_pairs(statistics.p_values(means[:BOARD], replicates[:, :BOARD], [n]))
    yield "board", bool(p.min() <= statistics.SIGNIFICANCE)


def _equals(pool: np.ndarray, entries: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Scores (entries, n) of entries that are equal: problem by problem of a row of `pool` drawn at random."""
    at = rng.integers(0, pool.shape[1], n)
    return pool[rng.integers(0, len(pool), (entries, n)), at]


def totals(frame: pd.DataFrame, by: Mapping[str, object]) -> float:
    """Mean coverage over the rows that are as `by` says, weighted by how often an interval is printed."""
    rows = frame[np.logical_and.reduce([frame[name] == value for name, value in by.items()])]
    return float(np.average(rows["covered"], weights=rows["printed"]))
