"""The checks of a task, in order: what later ones stand on comes first."""

from __future__ import annotations

from bench.checks import differences, drawing, identity, losses, racing
from bench.checks.problems import Problems
from bench.checks.result import Check, Result, go_through
from bench.names import NamedTask

CHECKS = (
    Check("hashable", identity.hashable, required=True),
    Check("shapes", drawing.shapes, required=True),
    Check("scalar", losses.scalar, required=True),
    Check("tile", racing.tile, required=True),
    Check("pure", losses.pure, required=True),
    Check("determinism", drawing.determinism),
    Check("draws", drawing.by_the_key),
    Check("dtypes", drawing.dtypes, required=True),
    Check("finite start", losses.finite_start, required=True),
    Check("finite differences", differences.finite_differences),
    Check("vectorizes", racing.vectorizes, required=True),
    Check("floor", racing.above_the_floor),
    Check("restores", identity.restores),
)


def check_task(subject: NamedTask) -> list[Result]:
    """Results of every check that could be made."""
    return go_through(CHECKS, subject.name, "task", Problems(subject))
