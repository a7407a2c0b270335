"""An optimizer in the engine: a run is the same alone and among others, and gets somewhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.checks.compare import gap
from bench.checks.optimizer_case import SEEDS, STEPS, Rival, tensors
from bench.checks.result import Fault, one_line
from bench.engine import contracts
from bench.engine.race import race
from bench.records.record import Runs
from bench.running.tuning import draw_trials
from optimizers.base import with_horizon

HORIZON = 50
TRIALS = 6
_AGREE = 1e-4


def vectorizes(rival: Rival) -> None:
    """The engine's losses are those of one problem and one θ at a time."""
    thetas = _thetas(rival)
    try:
        runs = _race(rival, thetas, _seeds(rival))
    except contracts.UserError:
        raise
    except Exception as problem:
        raise Fault(
            f"cannot be vectorized: {one_line(problem, 160)}; use operations tf.vectorized_map knows, and no memory "
            "outside the state"
        ) from None
    updates = rival.entry.updates(runs.steps)
    at = np.flatnonzero((updates >= 1) & (updates <= STEPS))
    for number, row in ((0, 0), (0, 2), (min(1, len(thetas) - 1), 1)):
        path = rival.walk(row, tensors(thetas[number]))
        task, data = rival.subject.task, rival.data(row)
        alone = [task.evaluate(path[count - 1], data) for count in updates[at]]
        if (apart := gap(np.array(alone), runs.losses[number, row, at])) > _AGREE:
            raise Fault(
                f"the loss of problem {row} differs by {apart:.1e} from its run alone; use no axis but the "
                "parameters' own, and no memory outside the state"
            )


def neighbors(rival: Rival) -> None:
    """In the engine, a run has the same bits whatever θ and problems stand beside it."""
    thetas = _thetas(rival)
    many = _race(rival, thetas, _seeds(rival)).losses
    alone = _race(rival, thetas[-1:], [1]).losses
    if not np.array_equal(many[-1, 1], alone[0, 0], equal_nan=True):
        raise Fault("a run changes with what runs beside it; use no axis but the parameters' own, no global state")


def descends(rival: Rival) -> None:
    """At some θ of the defaults and the space, the loss of a convex bowl goes down."""
    runs = _race(rival, _thetas(rival), _seeds(rival))
    if not np.any(runs.losses[..., -1] < runs.losses[..., 0]):
        raise Fault(
            f"no θ lowers the loss of a convex bowl in {HORIZON} updates; update returns what is added to params "
            "(minus rate × direction), and space must hold sensible values"
        )


def _race(rival: Rival, thetas: list[dict], seeds: Any) -> Runs:
    asks = rival.entry.asks
    steps = HORIZON if asks is None else asks.steps(HORIZON)
    return race(rival.subject, rival.entry, thetas, purpose="report", seeds=list(seeds), steps=steps).runs


def _seeds(rival: Rival) -> range:
    return range(max(SEEDS, rival.subject.task.tile[1]))


def _thetas(rival: Rival) -> list[dict[str, Any]]:
    """The defaults, then what tuning would draw first; one θ alone if it carries weights."""
    defaults = with_horizon(rival.entry.defaults, HORIZON)
    if not rival.entry.space or any(np.ndim(value) > 0 for value in defaults.values()):
        return [defaults]
    drawn = (with_horizon(theta, HORIZON) for theta in draw_trials(rival.entry, TRIALS))
    return [defaults, *(theta for theta in drawn if _accepted(rival, theta))]


def _accepted(rival: Rival, theta: dict[str, Any]) -> bool:
    """Whether the optimizer can be made with θ: some draws may exclude each other."""
    try:
        rival.optimizer(theta=tensors(theta)).init(rival.params())
    except ValueError:
        return False
    return True
