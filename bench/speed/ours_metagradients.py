"""Our side of the meta-gradient's duels: `bench.metatraining.metagradient`, called as meta-training calls it."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

import tasks
from bench.engine import process
from bench.engine.keys import keys
from bench.metatraining.goal import Goal
from bench.speed.metagradients import MetaCell
from bench.speed.ours import _plain
from bench.speed.processes import Contender
from optimizers.learned.rnn import Gru


class MetaProblem(NamedTuple):
    """What both sides start from, in NumPy: params and data (problems, …), θ, and the scales of the architecture."""

    params: object
    data: object
    theta: dict[str, np.ndarray]
    input_scale: float
    output_scale: float


def contend(cell: MetaCell) -> Contender:
    """One meta-gradient, fetched; inputs are placed already."""
    run, arguments = _program(cell), _arguments(cell)

    def once() -> None:
        _fetched(run(*arguments))

    return Contender(once, cell.work)


def gradients(cell: MetaCell) -> dict[str, np.ndarray]:
    """Like θ."""
    return _fetched(_program(cell)(*_arguments(cell)))


def problem(cell: MetaCell) -> MetaProblem:
    """Problems of meta-training, and a GRU whose readout is small and not zero."""
    process.load_tensorflow()
    from bench.engine.sampling import sample

    drawn = sample(tasks.get(cell.task), keys(cell.task, "metatrain", range(cell.problems)))
    params, data = (_plain(nest) for nest in drawn)
    gru, rng = _architecture(cell), np.random.Generator(np.random.Philox(7))
    theta = gru.initial(0)
    theta["readout"] = 0.01 * rng.normal(size=cell.units).astype("float32")
    return MetaProblem(params, data, theta, gru.input_scale, gru.output_scale)


@functools.cache
def _program(cell: MetaCell):
    process.load_tensorflow()
    from bench.metatraining.metagradient import compile_metagradient

    return compile_metagradient(Goal(tasks.get(cell.task), _architecture(cell), cell.steps, "mean"))


def _architecture(cell: MetaCell):
    return Gru(units=cell.units)


def _arguments(cell: MetaCell):
    import tensorflow as tf

    params, data, theta, *_ = problem(cell)
    return *tf.nest.map_structure(tf.constant, (theta, params, data)), None


def _fetched(estimate) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in estimate.gradients.items()}
