"""From problems and configurations to recorded runs: tiles of one shape through one program.

Rows depend on nothing but their own configuration and seed: not on what else was asked for, nor on what stands beside
them.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from bench.engine import contracts, purity, summaries, tiles
from bench.engine.keys import keys
from bench.engine.problems import Problems
from bench.engine.programs import program
from bench.engine.sampling import batches, sample
from bench.engine.unroll import Plan, seeds_outside
from bench.errors import UserError
from bench.records.files import note
from bench.records.record import Runs
from optimizers import Entry, Optimizer
from optimizers.base import with_horizon
from optimizers.spaces import switches as switches_of
from tasks import Task, mistakes


class Race(NamedTuple):
    """Runs with leading axes (configurations, seeds), and the seconds they took."""

    runs: Runs
    seconds_compile: float
    """First calls of new programs, each with the steps it took."""
    seconds_run: float
    measured: dict[str, np.ndarray] = {}  # noqa: RUF012 (never written to)
    """What the task measures at the end of every run, (configurations, seeds) each."""


def log_steps(steps: int, points: int = 40) -> np.ndarray:
    """Recorded steps: 0, `steps`, and about `points` log-spaced whole numbers between; (K,) int."""
    spaced = np.geomspace(1, steps + 1, points).round().astype(int) - 1
    return np.unique(np.concatenate([[0, steps], spaced]))


def race(
    entry: Entry,
    thetas: Sequence[Mapping[str, Any]],
    problems: Problems,
    *,
    record: str = "log",
    tile: tuple[int, int] | None = None,
    progress: Callable[[float], None] = lambda runs: None,
) -> Race:
    """Run every θ on every problem; `record` is "log" or "all" steps; `progress` is told of runs done.

    `tile` is that of a race whose program is to be used again. In tuning, switches that the optimizer refuses while it
    takes others count as diverged at once. Raises UserError when several θ carry weights, when the task cannot be
    vectorised, and whatever else the task or the optimizer raises.
    """
    subject, _, seeds, steps = problems
    _verify(entry, problems)
    spaced = log_steps(steps, subject.task.recorded_steps)
    points = spaced if record == "log" else np.arange(steps + 1)
    tile = tile or tiles.shape(subject.task, len(thetas), len(seeds))
    job = _Job(entry, problems, points, entry.updates(points), tile, progress)
    rows: dict[int, list] = {}
    refused: dict[int, Exception] = {}
    seconds = np.zeros(2)
    for switches, chosen in _by_switches(thetas).items():
        sweep = _Sweep.of(entry, [with_horizon(thetas[i], entry.updates(steps)) for i in chosen], dict(switches))
        try:
            with purity.watched(entry.name, _plan(job, sweep, (1, 1), drawn=True)):
                kept, spent = _explained(job, sweep)
        except purity.Impure:
            raise
        except _REFUSALS as problem:
            refused.update(dict.fromkeys(chosen, problem))
            continue
        seconds += spent
        rows.update({i: [part[at] for part in kept] for at, i in enumerate(chosen)})
    _verify_alike(entry, rows)
    if refused:
        rows |= _excluded(job, refused, rows)
    losses, summary, measured = _stacked(job, [rows[i] for i in range(len(thetas))])
    runs = summaries.runs(points, spaced, losses, summary or None, subject.task.floor)
    return Race(runs, float(seconds[0]), float(seconds[1]), measured)


def _stacked(job: _Job, rows: Sequence[list]) -> tuple[np.ndarray, list[np.ndarray], dict[str, np.ndarray]]:
    """(losses, summary, what the task measures), θs on the leading axis."""
    losses, *rest = (np.stack(parts) for parts in zip(*rows, strict=True))
    names = job.problems.subject.task.measures
    summary, measured = rest[: len(rest) - len(names)], rest[len(rest) - len(names) :]
    return losses, summary, dict(zip(names, measured, strict=True))


def _verify_alike(entry: Entry, rows: Mapping[int, list]) -> None:
    """Raises UserError for rows of several kinds."""
    if len({len(parts) for parts in rows.values()}) > 1:
        raise UserError(
            f"optimizer {entry.name!r} scores other parameters than it trains at some of its settings only; say so: "
            'discloses={"scores": "averaged weights where …"}'
        )


def _verify(entry: Entry, problems: Problems) -> None:
    contracts.verify_task(problems.subject)
    contracts.verify_optimizer(entry)
    contracts.verify_match(problems.subject, entry)
    purity.verify_task(problems.subject)
    contracts.verify_budget(entry, problems.steps)


_REFUSALS = (ValueError, TypeError, AssertionError, NotImplementedError)
"""What optimizers raise, Keras's too, where switches exclude each other; other errors are faults and go on."""


def _excluded(job: _Job, refused: Mapping[int, Exception], rows: Mapping[int, list]) -> dict[int, list]:
    """Rows of θs whose switches exclude each other: no loss at all. Raises the refusal when that is not the case."""
    problem = next(iter(refused.values()))
    if job.problems.purpose not in ("tune", "recheck") or not rows:
        raise problem
    count, said = len(refused), " ".join(str(problem).split())
    who = f"{job.entry.name} on {job.problems.subject.name}"
    if job.problems.purpose == "tune":
        note(f"{who}: {count} of its trials are refused and count as diverged: {said}")
    job.progress(float(count * len(job.problems.seeds)))
    losses, *rest = next(iter(rows.values()))
    summed = len(rest) - len(job.problems.subject.task.measures)
    values = [np.nan, *[np.nan, np.inf, 0][:summed], *[np.nan] * (len(rest) - summed)]
    nothing = [np.full_like(part, value) for part, value in zip((losses, *rest), values, strict=True)]
    return dict.fromkeys(refused, nothing)


class _Job(NamedTuple):
    """What every tile of a race shares."""

    entry: Entry
    problems: Problems
    points: np.ndarray
    """Recorded gradient evaluations."""
    updates: np.ndarray
    """What they pay for: the updates after which the run is recorded."""
    tile: tuple[int, int]
    progress: Callable[[float], None]


class _Sweep(NamedTuple):
    """θs of one structure: columns (C,) of what differs, weights that all share, switches of the program."""

    columns: dict[str, np.ndarray]
    shared: dict[str, np.ndarray]
    switches: dict[str, Any]
    size: int

    @classmethod
    def of(cls, entry: Entry, thetas, switches) -> _Sweep:
        values = {name: v for name, v in thetas[0].items() if name not in switches}
        shared = {name: np.asarray(v, "float32") for name, v in values.items() if np.ndim(v) > 0}
        if shared and len(thetas) > 1:
            raise UserError(f"optimizer {entry.name!r} has weights; race one θ at a time")
        columns = {n: np.array([theta[n] for theta in thetas], "float32") for n in values if n not in shared}
        return cls(columns, shared, switches, len(thetas))


def _by_switches(thetas) -> dict[tuple, list[int]]:
    """Rows of `thetas` by their switches: booleans, integers, strings and None choose the program."""
    groups: dict[tuple, list[int]] = {}
    for i, theta in enumerate(thetas):
        groups.setdefault(tuple(sorted(switches_of(theta).items())), []).append(i)
    return groups


def _explained(job: _Job, sweep: _Sweep):
    """`_run`, or the one line that says what to write instead where TensorFlow's own message does not."""
    try:
        return _run(job, sweep)
    except Exception as problem:
        if (remedy := mistakes.explain(problem)) is None:
            raise _as_raised(problem) from None
        raise UserError(f"{job.entry.name!r} on {job.problems.subject.name!r}: {remedy}") from problem


def _as_raised(problem: BaseException) -> BaseException:
    """The exception itself, where TensorFlow has put another one with a listing of code around it."""
    while problem.__context__ is not None and str(problem).startswith("in user code"):
        problem = problem.__context__
    return problem


def _run(job: _Job, sweep: _Sweep) -> tuple[list[np.ndarray], np.ndarray]:
    """[losses (C, S, K), total, best, diverged (C, S)] and the seconds of compiling and of running."""
    task, name = job.problems.subject.task, job.problems.subject.name
    width, steps = (job.tile[0] if sweep.columns else 1), int(job.points[-1])
    rows, seconds, outside = [], np.zeros(2), True
    shared = {n: tf.constant(value) for n, value in sweep.shared.items()}
    for block in tiles.blocks(job.problems.seeds, job.tile[1]):
        params, data = sample(task, keys(name, job.problems.purpose, block))
        seen = batches(task, keys(name, "batches-" + job.problems.purpose, block), steps)
        outside = seeds_outside(data)
        run = program(_plan(job, sweep, (width, job.tile[1]), seen is not None), len(job.points))
        columns = []
        for chosen in tiles.blocks(range(sweep.size), width):
            size = len(set(chosen)) * len(set(block))
            hyper = {n: tf.constant(column[chosen]) for n, column in sweep.columns.items()}
            began, compiled = time.perf_counter(), run.seconds_compile
            told = functools.partial(_tell, job.progress, size)
            columns.append(run(params, data, seen, hyper, shared, job.updates, told))
            compiled = run.seconds_compile - compiled
            seconds += compiled, time.perf_counter() - began - compiled
        rows.append(tiles.join(columns, axis=-1 if outside else -2, size=sweep.size))
    kept = tiles.join(rows, axis=-2 if outside else -1, size=len(job.problems.seeds))
    turned = [np.swapaxes(part, -1, -2) for part in kept] if outside else kept
    return [np.moveaxis(turned[0], 0, -1), *turned[1:]], seconds


def _tell(progress: Callable[[float], None], runs: int, share: float) -> None:
    progress(runs * share)


def _plan(job: _Job, sweep: _Sweep, tile: tuple[int, int], drawn: bool) -> Plan:
    task = job.problems.subject.task
    # by what the entry may score, so that no row depends on which θ stand beside it
    evaluates = getattr(_bound(job, sweep), "evaluate", None) is not None
    elsewhere = evaluates or bool(job.entry.discloses.get("scores"))
    # an update that costs more than its gradient is recorded where what it costs is paid, as losses of batches are
    costly = not np.array_equal(job.updates, job.points)
    noisy = drawn or elsewhere or costly or task.delay > 0 or type(task).evaluate is not Task.evaluate
    swept = [(name, ()) for name in sorted(sweep.columns)]
    weights = [(name, value.shape) for name, value in sorted(sweep.shared.items())]
    switches, numbers = tuple(sweep.switches.items()), (*swept, *weights)
    return Plan(task, job.entry.build, job.entry.informed, switches, numbers, tile, noisy, job.entry.asks)


def _bound(job: _Job, sweep: _Sweep) -> Optimizer:
    """The optimizer of the first θ, told no loss."""
    numbers = {name: tf.constant(column[0]) for name, column in sweep.columns.items()} | sweep.shared
    return contracts.built(job.entry, {**numbers, **sweep.switches}, lambda params: tf.constant(0.0))
