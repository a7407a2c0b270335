"""The loss and what is scored: scalar, pure, finite at the start, and differentiable."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from bench.checks.compare import finite
from bench.checks.result import Fault
from bench.checks.task_case import SEEDS, TaskCase
from bench.engine import contracts, purity

SOLVED = 0.01
"""A problem counts as solved where this share of its initial gap to the floor is left."""


def scalar(case: TaskCase) -> None:
    """`loss` and `evaluate` are one float32 number."""
    params, data, batch = case.specifications
    contracts.score(case.task.loss, "loss", params, data, batch)
    try:
        contracts.score(case.task.evaluate, "evaluate", params, data)
    except contracts.UserError:
        raise
    except Exception:
        if batch is None:
            raise
        raise Fault("loss with batch None fails; override evaluate(params, data), noise-free") from None


def pure(case: TaskCase) -> None:
    """No random draws, no variables and no Python in `loss` and `evaluate`, as in a race.

    Draws by a key are for a task with a `train_loss` of its own.
    """
    for piece in purity.loss_pieces(case.task):
        purity.examine(piece)


def finite_start(case: TaskCase) -> None:
    """Loss, score and gradient are finite where runs start."""
    for row in range(SEEDS):
        params, data, batch = case.one(row)
        loss, gradients = case.value_and_gradient(params, data, batch)
        _all_finite("loss", row, loss)
        if case.evaluate is not None:
            _all_finite("evaluate", row, case.evaluate(params, data))
        present = [leaf for leaf in tf.nest.flatten(gradients) if leaf is not None]
        if not present:
            raise Fault("the loss does not depend on params; compute it from params in TensorFlow operations")
        _all_finite("gradient", row, present)


def not_at_the_origin(case: TaskCase) -> None:
    """Parameters of zero do not solve every problem: a rule that only shrinks them would win."""
    remaining = [_left_at_zero(case, row) for row in range(SEEDS)]
    if max(remaining) <= SOLVED:
        raise Fault(
            f"parameters of zero leave {max(remaining):.2g} of the initial gap to the floor, or less, in every "
            "problem: rules that only shrink parameters win; draw a shift of the minimum in sample"
        )


def _left_at_zero(case: TaskCase, row: int) -> float:
    """Share of the initial gap to the floor that is left where all parameters are zero; inf where that is no number."""
    params, data, batch = case.one(row)
    floor = case.task.floor

    def gap(point: Any) -> float:
        scored = case.evaluate
        return float(case.loss(point, data, batch) if scored is None else scored(point, data)) - floor

    initial, zero = gap(params), gap(tf.nest.map_structure(tf.zeros_like, params))
    return zero / initial if initial > 0 and zero >= 0 and np.isfinite(zero) else np.inf


def _all_finite(word: str, row: int, nest: Any) -> None:
    if not finite(nest):
        bad = next(leaf for leaf in tf.nest.flatten(nest) if not np.all(np.isfinite(leaf)))
        value = np.asarray(bad)[~np.isfinite(np.asarray(bad))].reshape(-1)[0]
        raise Fault(
            f"{word} is {value} at the start of problem {row}; start elsewhere, or guard the sqrt, log or division"
        )
