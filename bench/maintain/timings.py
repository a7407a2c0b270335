"""The table of costs that dry runs fall back on, measured.

Each task is timed with plain gradient descent, each optimizer on one task of few parameters; a second call of the same
tile is timed, so that compiling is apart. Existing rows of other names are kept. Takes minutes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
from tqdm import tqdm

from bench.engine import process, program_cache
from bench.engine.keys import keys
from bench.lookup import resolve
from bench.lookup.selectors import applies, select_optimizers, select_tasks
from bench.records import sealed
from bench.suites.forecast import TABLE

REFERENCE_TASK, REFERENCE_OPTIMIZER = "linear-regression", "sgd"
STEPS = {"light": 200, "medium": 50, "heavy": 20}
"""Steps timed, by a task's cost."""


def measure(tasks: Iterable[str], optimizers: Iterable[str]) -> None:
    """Time what the selectors mean, and write the table."""
    os.environ[program_cache.VARIABLE] = ""
    process.load_tensorflow()

    table = sealed.read(TABLE) or {"tasks": {}, "optimizers": {}}
    chosen = select_tasks(tasks)
    rules = select_optimizers(optimizers)
    for name in tqdm(chosen, "tasks", unit=""):
        table["tasks"][name] = _timed(name, REFERENCE_OPTIMIZER)
        _keep(table)
    base = table["tasks"].get(REFERENCE_TASK) or _timed(REFERENCE_TASK, REFERENCE_OPTIMIZER)
    for name in tqdm(rules, "optimizers", unit=""):
        if (cost := _of_rule(name, base)) is not None:
            table["optimizers"][name] = cost
            _keep(table)


def _keep(table: dict[str, Any]) -> None:
    """Write the table as far as it is; a stop loses nothing."""
    about = process.provenance()
    sealed.write(TABLE, {**table, "processor": about["processor"], "time": about["time"]})


def _of_rule(name: str, base: dict[str, Any]) -> dict[str, float] | None:
    """Seconds that optimizer `name` adds to compiling, and to a step per parameter; None where it does not apply."""
    if not applies(resolve.entry(name), resolve.named_task(REFERENCE_TASK).task):
        return None
    cost = _timed(name=REFERENCE_TASK, optimizer=name)
    step = max(0.0, cost["step"] - base["step"]) / base["parameters"]
    return {"step": _rounded(step), "compile": _rounded(max(0.0, cost["compile"] - base["compile"]))}


def _timed(name: str, optimizer: str) -> dict[str, Any]:
    """Seconds to compile and per step and run, and the number of parameters, of a task with an optimizer."""
    from bench.engine import race
    from bench.engine.problems import Problems

    subject, entry = resolve.named_task(name), resolve.entry(optimizer)
    rows, columns = subject.task.tile
    sweeps = any(np.ndim(value) == 0 for value in entry.defaults.values())
    thetas = [dict(entry.defaults)] * (rows if sweeps else 1)
    steps = STEPS[getattr(subject.task, "cost", "light")]
    problems = Problems(subject, "tune", range(columns), steps)
    cold = race.race(entry, thetas, problems)
    warm = min(race.race(entry, thetas, problems).seconds_run for _ in range(2))
    return {
        "parameters": _parameters(subject),
        "compile": _rounded(cold.seconds_compile - warm),
        "step": _rounded(warm / (len(thetas) * columns * steps)),
    }


def _parameters(subject) -> int:
    import tensorflow as tf

    from bench.engine.sampling import sample

    params, _ = sample(subject.task, keys(subject.name, "tune", [0]))
    return sum(int(tf.size(tensor)) for tensor in tf.nest.flatten(params))


def _rounded(seconds: float) -> float:
    return float(f"{seconds:.3g}")
