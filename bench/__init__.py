"""What measures: the public face. Everything the command line does, a line of Python here does.

Nothing heavy is imported until a function is called.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import optoscope as _first  # so that what follows finds `optimizers` and `tasks` beside this folder
from bench import stops

if sys.argv[:1] == ["-m"] or _first.commanded:  # Python is on its way to bench/__main__.py
    stops.end_at_once()

from bench import scores as scores
from bench.studies.ablation.naming import FAMILIES
from optimizers.registry import register_family

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from bench.probes.reading import Reading
    from bench.running.tuning import Tuned
    from bench.scores.best import Best

__all__ = [
    "best",
    "check",
    "compare",
    "curves",
    "draw",
    "evaluate",
    "leaderboard",
    "metatrain",
    "probe",
    "register",
    "report",
    "run",
    "scores_of",
    "trials",
    "tune",
]


def register(name: Any, thing: Any = None, **settings: Any) -> Any:
    """Make a task or an optimizer known: ("name", task), (entry) or ("name", Keras class or instance, space={…}).

    -> what was registered, a Task or an Entry. The same again changes nothing. Raises TaskError, OptimizerError or
    UserError for a bad or taken name and for what is neither.

    >>> import bench, tasks
    >>> bench.register("wide-quadratic", tasks.get("quadratic[dimension=50]")) is tasks.get("wide-quadratic")
    True
    """
    from bench.lookup import register

    return register.register(name, thing, **settings)


def check(*things: Any) -> Any:
    """Results of every check of names, files or objects; of everything that is registered when none is given.

    A list of `Result`: what was checked of which subject, whether it passed, what to change. Raises UserError for what
    cannot be found or loaded.

    >>> import bench
    >>> all(result.passed for result in bench.check("sgd"))
    True
    """
    _prepare()
    from bench.checks import check

    return check(*things)


def draw(task: Any, seed: int) -> tuple[Any, Any]:
    """One problem of `task`: (params, data) in NumPy arrays, the one that report seed `seed` races on.

    Nested as the task nests them, without an axis for problems, float32. Raises UserError for an unknown task or a
    negative seed.

    >>> import bench
    >>> params, data = bench.draw("rosenbrock", 0)
    >>> params.shape, params.dtype.name
    ((2,), 'float32')
    """
    _prepare()
    from bench.engine import sampling
    from bench.lookup.resolve import named_task

    (number,) = _seeds([seed])
    return sampling.draw(named_task(task), number)


def evaluate(
    task: Any,
    optimizer: Any,
    theta: dict[str, Any] | None = None,
    *,
    seeds: Iterable[int] | int = range(32),
    steps: int = 200,
    record: str = "log",
) -> pd.DataFrame:
    """Run one θ (None: the entry's defaults) on report problems -> tidy frame: seed, step, loss.

    `steps` counts gradient evaluations; step 0 is the starting point. `record`: "log" keeps about 40 log-spaced steps,
    "all" every one. `loss` is the task's noise-free evaluation, in the task's own units. Asking for more seeds only
    adds rows, bit for bit. Raises UserError.

    >>> import bench
    >>> frame = bench.evaluate("rosenbrock", "sgd", {"learning_rate": 1e-3}, seeds=2, steps=3, record="all")
    >>> list(frame.columns), len(frame)
    (['seed', 'step', 'loss'], 8)
    """
    _prepare()
    import numpy as np
    import pandas as pd

    from bench.engine.problems import Problems
    from bench.engine.race import race
    from bench.errors import UserError, check_count
    from bench.lookup import resolve

    if record not in ("log", "all"):
        raise UserError(f"record must be 'log' or 'all', not {record!r}")
    subject, entry, numbers = resolve.named_task(task), resolve.entry(optimizer), _seeds(seeds)
    raced = race(
        entry,
        [resolve.theta(entry, theta)],
        Problems(subject, "report", numbers, check_count("steps", steps)),
        record=record,
    )
    recorded, losses = raced.runs.steps, raced.runs.losses[0]
    return pd.DataFrame(
        {"seed": np.repeat(numbers, len(recorded)), "step": np.tile(recorded, len(numbers)), "loss": losses.reshape(-1)}
    )


def tune(
    task: Any,
    optimizer: Any,
    *,
    trials: int = 64,
    seeds: int = 8,
    steps: int = 200,
    metric: str = "mean_loss",
    finalists: int = 5,
    recheck_seeds: int = 32,
    space: Mapping[str, Any] | None = None,
) -> Tuned:
    """Best θ by `metric` of quasi-random `trials` on `seeds` tuning problems -> Tuned(theta, trials).

    The `finalists` best race again on `recheck_seeds` fresh problems, and the best mean over both wins (0: no
    re-check). `theta` is a mapping from hyper-parameter to value, `trials` a frame with one row per trial: its θ, per
    metric its mean score, and in `recheck` the mean of `metric` on the fresh problems. `steps` counts gradient
    evaluations a run. `space`, {setting: distribution}, replaces the entry's own; a Keras class or instance is searched
    as the registered entry of its class is. Raises UserError, also where there is nothing to search.

    >>> import bench
    >>> tuned = bench.tune("rosenbrock", "sgd", trials=2, seeds=2, steps=3)
    >>> list(tuned.theta), len(tuned.trials)
    (['learning_rate'], 2)
    """
    _prepare()
    from bench.errors import check_count
    from bench.lookup import resolve
    from bench.lookup.searched import searched
    from bench.records.record import Budget
    from bench.running.tuning import tune
    from bench.scores import metrics
    from bench.suites.suite import with_counts

    subject, entry = resolve.named_task(task), searched(optimizer, space)
    counts = {"steps": steps, "trials": trials, "finalists": finalists}
    fresh = check_count("recheck_seeds", recheck_seeds, 0)
    budget = with_counts(Budget(tuning_seeds=check_count("seeds", seeds), recheck_seeds=fresh), counts)
    return tune(subject, entry, budget, metrics.get(metric).name)


def metatrain(optimizer: Any, tasks: Any, *, steps: int, seed: int = 0, out=None, **settings: Any) -> dict[str, Any]:
    """Meta-train an architecture ("gru", "gru[units=64]") on a task or several -> θ, {name: float32 array}.

    `steps` counts outer iterations; `settings` are the fields of bench.metatraining.Settings and what its `metatrain`
    takes besides. With `out`, a file of weights, it goes on where it was stopped. Raises UserError.

    >>> import bench
    >>> theta = bench.metatrain("linear", "rosenbrock", steps=1, batch=2, unroll=3, progress=False)
    >>> all(array.dtype.name == "float32" for array in theta.values())
    True
    """
    _prepare()
    from bench import metatraining

    return metatraining.metatrain(optimizer, tasks, steps=steps, seed=seed, out=out, **settings)


def probe(
    optimizer: Any,
    task: Any,
    theta: dict[str, Any] | None = None,
    *,
    probes: Iterable[str] | None = None,
    twins: int | None = None,
) -> dict[str, Reading]:
    """What the mechanism probes find in `optimizer` on problems of `task`, controls run first.

    -> {probe: Reading}, each with a verdict ("present", "absent" or "undecided"), {name: {"value", "low", "high"}}, its
    controls and, of a learned optimizer, what its untrained twins say and whether it is `discovered`. `probes` names
    some of them; None: all. `twins` is how many untrained networks are read beside a learned one; None: 39, 0: none.
    Raises UserError, for an oracle too.

    >>> import bench
    >>> theta = {"learning_rate": 1e-3, "momentum": 0.9}
    >>> reading = bench.probe("momentum", "rosenbrock", theta, probes=["momentum"])["momentum"]
    >>> reading.verdict, round(reading.values["beta"]["value"], 2)
    ('present', 0.9)
    """
    _prepare()
    from bench.lookup import resolve
    from bench.probes import run

    entry = resolve.entry(optimizer)
    return run.probe(resolve.named_task(task), entry, resolve.theta(entry, theta), probes=probes, twins=twins)


def run(suite: Any, out: Any = None, *, workers: int = 1, import_files=(), dask: str | None = None, **overrides: Any):
    """Run a suite (name or Suite) into `out`, resuming what is there -> the folder.

    `overrides`: tasks, optimizers, steps, seeds, trials, tuning_seeds; cell_timeout (seconds) and cell_memory (MiB), at
    which a cell is ended. Default folder: results/runs/<suite>. `workers` counts processes; `dask` is the address of a
    Dask scheduler, whose workers do the work instead. Raises UserError when the folder cannot be written, when no
    scheduler answers, or when every cell failed.

    >>> import bench, tempfile
    >>> budget = {"steps": 3, "seeds": 2, "trials": 2, "tuning_seeds": 2}
    >>> out = bench.run("smoke", tempfile.mkdtemp(), tasks=["rosenbrock"], optimizers=["sgd"], **budget)
    >>> len(list((out / "cells").glob("*.parquet")))
    1
    """
    from pathlib import Path

    from bench.engine import process

    process.prepare()
    from bench.running.run import run as finish
    from bench.suites import find

    chosen = find.override(find.get(suite) if isinstance(suite, str) else suite, **overrides)
    folder = Path(out) if out is not None else Path("results/runs") / chosen.name
    finish(chosen, folder, workers=workers, import_files=import_files, dask=dask)
    return folder


def leaderboard(
    out: Any, metric: str = "anytime", *, missing: str = "common", better: str | None = None
) -> pd.DataFrame:
    """One row per entry of the run(s) in `out`, best first, with intervals and rank ranges.

    `out` is a folder or several; `metric` is one of `list metrics`, or what tasks measure themselves, such as accuracy
    (`better`, "higher" or "lower", where the name does not say). `score` has the metric's unit, `low` and `high` are
    its 95 % interval. Scores are over the tasks that all who compete have run; `missing` "worst" counts missing cells
    as the worst instead. Raises UserError for an unknown metric and where there are no results.

    >>> import bench
    >>> board = bench.leaderboard("results/reference/quick", "anytime")
    >>> bool((board["low"] <= board["score"]).all() and (board["score"] <= board["high"]).all())
    True
    """
    from bench.scores import measured

    return measured.board(out, metric, missing, better)


def report(out: Any, path: Any) -> Path:
    """One offline HTML file about the run(s) in `out`: tables, curves, every cell, the probes -> its path.

    `out` is a folder or several. The same records give the same bytes. Raises UserError where there are no results, and
    for a `path` that cannot be written.

    >>> import bench, pathlib, tempfile
    >>> page = bench.report("results/reference/quick", pathlib.Path(tempfile.mkdtemp()) / "report.html")
    >>> "gru-rosenbrock" in page.read_text()
    True
    """
    from bench.reports.html.page import write

    return write(out, path)


def curves(out: Any) -> pd.DataFrame:
    """Recorded curves of the run(s) in `out`, tidy: task, optimizer, seed, step, loss.

    One row per run and recorded step (in gradient evaluations); a loss may be infinite. Raises UserError where there
    are no results.

    >>> import bench
    >>> list(bench.curves("results/reference/quick").columns)
    ['task', 'optimizer', 'seed', 'step', 'loss']
    """
    from bench.scores.leaderboard import curves

    return curves(out)


def scores_of(out: Any) -> pd.DataFrame:
    """Every run in `out`, a folder or several, tidy: task, optimizer, kind, tuned_for, seed, and a column per metric.

    One row per run; `seed` is the number of its problem. Raises UserError where there are no results.

    >>> import bench
    >>> frame = bench.scores_of("results/reference/quick")
    >>> frame.columns.tolist()[:6]
    ['task', 'optimizer', 'kind', 'tuned_for', 'seed', 'anytime']
    """
    from bench.scores import frames

    return frames.scores(out)


def trials(out: Any) -> pd.DataFrame:
    """Every configuration that tuning tried in `out`, one row each: task, optimizer, trial, θ, mean score per metric.

    Settings that an optimizer does not have are empty. Raises UserError where there are no results.

    >>> import bench
    >>> frame = bench.trials("results/reference/quick")
    >>> int((frame["optimizer"] == "sgd").sum())
    2176
    """
    from bench.scores import frames

    return frames.trials(out)


def compare(out: Any, a: str, b: str, metric: str = "mean_log", *, better: str | None = None) -> pd.DataFrame:
    """Optimizer `a` against `b` over the run(s) in `out`: one row for all tasks, for each family and for each task.

    `effect` is a's mean score over b's, or a − b of logarithms and shares, with `low` and `high` (95 %, paired by
    problem) and a Holm-adjusted p; `verdict` is "win", "tie" or "loss" of `a`; `attrs["sentence"]` says it for a paper.
    Raises UserError.

    >>> import bench
    >>> frame = bench.compare("results/reference/quick", "gru-rosenbrock", "sgd").set_index("name")
    >>> frame["verdict"]["rosenbrock"]
    'win'
    """
    from bench.scores import compare

    return compare.compare(out, a, b, metric, better)


def best(out: Any, task: str, metric: str = "mean_loss", kind: str | None = None) -> Best:
    """The entry with the best mean of `metric` on a task of the run(s) in `out` -> Best, one entry at its tuned θ.

    `.optimizer()` is a new `keras.optimizers.Optimizer`, `.code` the line of Python that writes it out. `kind`
    is "hand-designed" or "learned", None for both. Raises UserError where the task has not been run.

    >>> import bench
    >>> found = bench.best("results/reference/quick", "rosenbrock", "mean_log")
    >>> found.name, found.code
    ('gru-rosenbrock', "optimizers.load('gru-rosenbrock')")
    """
    from bench.scores.best import best

    return best(out, task, metric, kind)


def _prepare() -> None:
    from bench.engine import process

    process.load_tensorflow()


def _seeds(seeds: Iterable[int] | int) -> list[int]:
    from bench.errors import UserError

    numbers = list(range(seeds)) if isinstance(seeds, int) else [int(seed) for seed in seeds]
    if not numbers or min(numbers) < 0:
        raise UserError(f"seeds must be at least one number, none negative, not {seeds!r}")
    return numbers


def _ablated(name: str) -> Any:
    """The entry of `ablated[…]` or `linearised[…]`: made of another entry, so `optimizers` cannot know it."""
    from bench.studies.ablation import entries

    return entries.named(name)


for _family in FAMILIES:
    register_family(_family, _ablated)
