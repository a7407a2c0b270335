"""The checks of a task and those of an optimizer, in order: what later ones stand on comes first."""

from __future__ import annotations

from bench.checks import (
    differences,
    identity,
    keras_parity,
    losses,
    optimizer_in_engine,
    sampling,
    serialization,
    task_in_engine,
    updates,
)
from bench.checks.optimizer_case import OptimizerCase
from bench.checks.result import Check, Result, go_through
from bench.checks.task_case import TaskCase
from bench.lookup.named import NamedTask
from optimizers import Entry

TASK_CHECKS = (
    Check("hashable", identity.hashable, required=True),
    Check("shapes", sampling.shapes, required=True),
    Check("scalar", losses.scalar, required=True),
    Check("tile", task_in_engine.tile, required=True),
    Check("pure", losses.pure, required=True),
    Check("determinism", sampling.determinism),
    Check("draws", sampling.by_the_key),
    Check("dtypes", sampling.dtypes, required=True),
    Check("finite start", losses.finite_start, required=True),
    Check("finite differences", differences.finite_differences),
    Check("vectorizes", task_in_engine.vectorizes, required=True),
    Check("floor", task_in_engine.above_the_floor),
    Check("origin", losses.not_at_the_origin, warns=True),
    Check("restores", identity.restores),
)
OPTIMIZER_CHECKS = (
    Check("builds", updates.builds, required=True),
    Check("shapes", updates.shapes, required=True),
    Check("pure", updates.pure, required=True),
    Check("dtypes", updates.dtypes),
    Check("finite", updates.finite_updates),
    Check("space", serialization.space, required=True),
    Check("restores", serialization.restores),
    Check("keras parity", keras_parity.parity),
    Check("vectorizes", optimizer_in_engine.vectorizes, required=True),
    Check("neighbors", optimizer_in_engine.neighbors),
    Check("descends", optimizer_in_engine.descends),
)


def check_task(subject: NamedTask) -> list[Result]:
    """Results of every check that could be made."""
    return go_through(TASK_CHECKS, subject.name, "task", TaskCase(subject))


def check_optimizer(entry: Entry) -> list[Result]:
    """Results of every check that could be made."""
    return go_through(OPTIMIZER_CHECKS, entry.name, "optimizer", OptimizerCase(entry))
