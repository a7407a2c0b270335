"""The checks of a task, in order: what later ones stand on comes first."""

from __future__ import annotations

from bench.checks import differences, identity, losses, sampling, task_in_engine
from bench.checks.result import Check, Result, go_through
from bench.checks.task_case import TaskCase
from bench.lookup.named import NamedTask

CHECKS = (
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


def check_task(subject: NamedTask) -> list[Result]:
    """Results of every check that could be made."""
    return go_through(CHECKS, subject.name, "task", TaskCase(subject))
