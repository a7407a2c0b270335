"""Our side: `bench.engine.race`, called from outside as anybody calls it. Imports TensorFlow when first called."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np

import optimizers
from bench.engine import process
from bench.lookup.resolve import named_task
from bench.speed.cells import Workload, sweep
from bench.speed.processes import Contender
from optimizers import learned


def engine(cell: Workload) -> Contender:
    """The race of a cell; its own seconds are those of the program calls, sampling and stacking apart."""
    return Contender(lambda: _race(cell, cell.steps).seconds_run, cell.work)


class Problem(NamedTuple):
    """What every peer is handed, in NumPy: problems with leading axis seeds, and the steps (K,) that we record.

    `weights` and `settings` are those of a learned optimizer, else empty.
    """

    params: Any
    data: Any
    recorded: np.ndarray
    weights: dict[str, np.ndarray]
    settings: dict[str, Any]


def problem(cell: Workload) -> Problem:
    """The problems that the engine races in this cell, drawn as `bench.draw` draws them."""
    process.load_tensorflow()
    import tensorflow as tf

    from bench.engine.sampling import draw

    drawn = [draw(named_task(cell.task), seed) for seed in range(cell.seeds)]
    params, data = tf.nest.map_structure(lambda *leaves: np.stack(leaves), *drawn)
    recorded = _race(cell, cell.steps).runs.steps
    return Problem(_plain(params), _plain(data), recorded, *_architecture(cell))


def curves(cell: Workload, steps: int) -> np.ndarray:
    """Every loss of the first `steps` steps: (configurations, seeds, steps + 1)."""
    return _race(cell, steps, "all").runs.losses


def _race(cell: Workload, steps: int, record: str = "log"):
    process.load_tensorflow()
    from bench.engine.problems import Problems
    from bench.engine.race import race

    entry = optimizers.get(cell.optimizer)
    return race(
        entry, thetas(cell, entry), Problems(named_task(cell.task), "report", range(cell.seeds), steps), record=record
    )


def thetas(cell: Workload, entry) -> list[dict[str, Any]]:
    """The cell's sweep of Adam, or the one θ of a learned optimizer."""
    if cell.configurations == 1:
        return [dict(entry.defaults)]
    columns = sweep(cell.configurations)
    return [{name: float(column[i]) for name, column in columns.items()} for i in range(cell.configurations)]


def _plain(nest: Any) -> Any:
    """Lists, tuples and dictionaries of TensorFlow's wrappers as Python's own, so that they can be sent."""
    if isinstance(nest, dict):
        return {key: _plain(value) for key, value in nest.items()}
    if isinstance(nest, (list, tuple)):
        return (list if isinstance(nest, list) else tuple)(_plain(part) for part in nest)
    return np.asarray(nest)


def _architecture(cell: Workload) -> tuple[dict, dict]:
    """Weights and settings of a cell's learned optimizer, else empty."""
    entry = optimizers.get(cell.optimizer)
    if entry.kind != "learned":
        return {}, {}
    weights = {name: np.asarray(value) for name, value in entry.defaults.items()}
    build: Any = entry.build  # of shipped weights: it knows its architecture by name
    return weights, dataclasses.asdict(learned.get(build.architecture))
