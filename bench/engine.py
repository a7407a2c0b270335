"""From problems and configurations to recorded runs: tiles of one fixed shape through one program.

The shape is the task's (`Task.tile`) and the last tile is padded, so that a row never depends on what else
was asked for: matrix products of another shape round differently.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bench.errors import UserError
from bench.keys import keys
from bench.names import NamedTask
from bench.records import Runs
from bench.sampling import batches, sample
from bench.unroll import compile_unroll
from optimizers import Entry
from tasks import Task

VERSION = "1"
"""Raised whenever a number can move for the same task, optimizer and budget."""
POINTS = 40
"""Recorded steps of a run, about."""


class Race(NamedTuple):
    """Runs with leading axes (configurations, seeds), and the seconds they took."""

    runs: Runs
    seconds_compile: float
    """First calls of new programs, each with the one tile it ran."""
    seconds_run: float


def log_steps(steps: int) -> np.ndarray:
    """Recorded steps: 0, `steps`, and about 40 log-spaced whole numbers between; (K,) int."""
    spaced = np.geomspace(1, steps + 1, POINTS).round().astype(int) - 1
    return np.unique(np.concatenate([[0, steps], spaced]))


def race(
    subject: NamedTask,
    entry: Entry,
    thetas: Sequence[Mapping[str, Any]],
    *,
    purpose: str,
    seeds: Sequence[int],
    steps: int,
    record: str = "log",
    progress: Callable[[int], None] = lambda runs: None,
) -> Race:
    """Run every θ on every seed's problem; `record` is "log" or "all" steps; `progress` is told of runs done.

    Raises UserError when several θ carry weights, and whatever the task or the optimizer raises.
    """
    recorded = log_steps(steps) if record == "log" else np.arange(steps + 1)
    clock = _Clock()
    rows: dict[int, list] = {}
    for switches, chosen in _by_switches(thetas).items():
        sweep = _Sweep.of(entry, [thetas[i] for i in chosen], dict(switches))
        runs = _race_program(subject, entry, sweep, purpose, list(seeds), recorded, clock, progress)
        rows.update({i: [part[at] for part in runs] for at, i in enumerate(chosen)})
    stacked = [np.stack([rows[i][k] for i in range(len(thetas))]) for k in range(5)]
    return Race(Runs(recorded, *stacked), clock.compile, clock.run)


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
        columns = {
            n: np.array([theta[n] for theta in thetas], "float32")
            for n in values
            if n not in shared
        }
        return cls(columns, shared, switches, len(thetas))


def _by_switches(thetas) -> dict[tuple, list[int]]:
    """Rows of `thetas` by their switches: booleans, integers, strings and None choose the program."""
    groups: dict[tuple, list[int]] = {}
    for i, theta in enumerate(thetas):
        switches = {n: v for n, v in theta.items() if v is None or isinstance(v, (bool, int, str))}
        groups.setdefault(tuple(sorted(switches.items())), []).append(i)
    return groups


def _race_program(subject, entry, sweep, purpose, seeds, recorded, clock, progress):
    configurations, width = (subject.task.tile[0] if sweep.columns else 1), subject.task.tile[1]
    steps, rows = int(recorded[-1]), []
    for block in _blocks(seeds, width):
        params, data = sample(subject.task, keys(subject.name, purpose, block))
        seen = batches(subject.task, keys(subject.name, "batches-" + purpose, block), steps)
        noisy = seen is not None or type(subject.task).evaluate is not Task.evaluate
        program = _program(
            subject.task,
            entry.build,
            tuple(sweep.switches.items()),
            configurations,
            tuple(recorded.tolist()),
            noisy,
        )
        columns = []
        for chosen in _blocks(range(sweep.size), configurations):
            hyper = {name: column[chosen] for name, column in sweep.columns.items()}
            columns.append(clock(program, params, data, seen, hyper, sweep.shared))
            progress(len(set(chosen)) * len(set(block)))
        rows.append(_join(columns, axis=-1, size=sweep.size))
    losses, *summaries = _join(rows, axis=-2, size=len(seeds))
    return [losses[:-1].transpose(2, 1, 0), *(summary.T for summary in summaries[:4])]


@functools.lru_cache(maxsize=64)
def _program(task, build, switches, configurations, recorded, noisy):
    return compile_unroll(task, build, dict(switches), configurations, np.array(recorded), noisy)


def _blocks(items: Sequence, width: int) -> list[list]:
    """Consecutive blocks of exactly `width`, the last one padded with its last item."""
    blocks = [list(items[i : i + width]) for i in range(0, len(items), width)]
    return [block + block[-1:] * (width - len(block)) for block in blocks]


def _join(parts, *, axis: int, size: int) -> list[np.ndarray]:
    """Tiles concatenated along `axis`, the padding cut off."""
    joined = (np.concatenate(arrays, axis) for arrays in zip(*parts, strict=True))
    return [array.take(range(size), axis) for array in joined]


class _Clock:
    """Calls programs and adds up seconds; the first call of each apart, because it compiles."""

    def __init__(self):
        self.compile = 0.0
        self.run = 0.0

    def __call__(self, program, *arguments):
        cold = program.experimental_get_tracing_count() == 0
        start = time.perf_counter()
        results = [np.asarray(result) for result in program(*arguments)]
        seconds = time.perf_counter() - start
        self.compile += seconds * cold
        self.run += seconds * (not cold)
        return results
