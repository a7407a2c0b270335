"""An optimizer in the engine: a run is the same alone and among others, and gets somewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from bench.checks.compare import gap
from bench.checks.optimizer_case import SEEDS, STEPS, OptimizerCase, tensors
from bench.checks.result import Fault, one_line
from bench.engine import contracts, graphs
from bench.engine.problems import Problems
from bench.engine.race import race
from bench.records.record import Runs
from bench.running.tuning import draw_trials
from optimizers.base import with_horizon

HORIZON = 50
TRIALS = 6
_AGREE = 1e-4


def vectorizes(case: OptimizerCase) -> None:
    """The engine's losses are those of one problem and one θ at a time."""
    thetas = _thetas(case)
    try:
        runs = _race(case, thetas, _seeds(case))
    except contracts.UserError:
        raise
    except Exception as problem:
        raise Fault(
            f"cannot be vectorized: {one_line(problem, 160)}; use operations tf.vectorized_map knows, and no memory "
            "outside the state"
        ) from None
    updates = case.entry.updates(runs.steps)
    at = np.flatnonzero((updates >= 1) & (updates <= STEPS))
    for number, row in ((0, 0), (0, 2), (min(1, len(thetas) - 1), 1)):
        path = _alone(case, row, tensors(thetas[number]))
        task, data = case.subject.task, case.data(row)
        alone = [task.evaluate(path[count - 1], data) for count in updates[at]]
        if (apart := gap(np.array(alone), runs.losses[number, row, at])) > _AGREE:
            raise Fault(
                f"the loss of problem {row} differs by {apart:.1e} from its run alone; use no axis but the "
                "parameters' own, and no memory outside the state"
            )


def _alone(case: OptimizerCase, row: int, theta: dict[str, Any]) -> list[Any]:
    """What is scored on the way of one run, compiled where it draws by a key: XLA's numbers are others."""
    if not graphs.random_draws(case.update):
        return case.walk(row, theta)
    return tf.function(lambda: case.walk(row, theta), jit_compile=True, autograph=False)()


def neighbors(case: OptimizerCase) -> None:
    """In the engine, a run has the same bits whatever θ and problems stand beside it."""
    thetas = _thetas(case)
    many = _race(case, thetas, _seeds(case)).losses
    alone = _race(case, thetas[-1:], [1]).losses
    if not np.array_equal(many[-1, 1], alone[0, 0], equal_nan=True):
        raise Fault("a run changes with what runs beside it; use no axis but the parameters' own, no global state")


def descends(case: OptimizerCase) -> None:
    """At some θ of the defaults and the space, the loss of a convex bowl goes down."""
    runs = _race(case, _thetas(case), _seeds(case))
    if not np.any(runs.losses[..., -1] < runs.losses[..., 0]):
        raise Fault(
            f"no θ lowers the loss of a convex bowl in {HORIZON} updates; update returns what is added to params "
            "(minus rate × direction), and space must hold sensible values"
        )


def _race(case: OptimizerCase, thetas: list[dict], seeds: Any) -> Runs:
    asks = case.entry.asks
    steps = HORIZON if asks is None else asks.steps(HORIZON)
    return race(case.entry, thetas, Problems(case.subject, "report", list(seeds), steps)).runs


def _seeds(case: OptimizerCase) -> range:
    return range(max(SEEDS, case.subject.task.tile[1]))


def _thetas(case: OptimizerCase) -> list[dict[str, Any]]:
    """The defaults, then what tuning would draw first; one θ alone if it carries weights."""
    defaults = with_horizon(case.entry.defaults, HORIZON)
    if not case.entry.space or any(np.ndim(value) > 0 for value in defaults.values()):
        return [defaults]
    drawn = (with_horizon(theta, HORIZON) for theta in draw_trials(case.entry, TRIALS))
    return [defaults, *(theta for theta in drawn if _accepted(case, theta))]


def _accepted(case: OptimizerCase, theta: dict[str, Any]) -> bool:
    """Whether the optimizer can be made with θ: some draws may exclude each other."""
    try:
        case.optimizer(theta=tensors(theta)).init(case.params())
    except ValueError:
        return False
    return True
