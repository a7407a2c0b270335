"""From a suite's name or file to the suite, as it is or with other numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from bench.errors import UserError
from bench.lookup.selectors import select_optimizers, select_tasks
from bench.suites.shipped import SUITES
from bench.suites.suite import Suite, limits, with_counts
from bench.suites.toml import read
from optimizers.syntax import nearest


def get(name: str) -> Suite:
    """The suite called `name`, or the one in a file ending in .toml; raises UserError."""
    if name.endswith(".toml"):
        return read(name)
    if name not in SUITES:
        raise UserError(
            f"unknown suite {name!r}; known: {', '.join(SUITES)}, or a file ending in .toml" + nearest(name, SUITES)
        )
    return SUITES[name]


def override(
    suite: Suite,
    *,
    tasks: Iterable[Any] | None = None,
    optimizers: Iterable[Any] | None = None,
    cell_timeout: float | None = None,
    cell_memory: float | None = None,
    **numbers: int | None,
) -> Suite:
    """`suite` with other tasks, optimizers or budget numbers (the fields of Budget), selectors resolved.

    `cell_timeout` in seconds and `cell_memory` in MiB limit what a cell may take.

    Raises UserError, TaskError and OptimizerError for what does not exist.
    """
    given = {name: value for name, value in numbers.items() if value is not None}
    return dataclasses.replace(
        suite,
        tasks=select_tasks(tasks or suite.tasks),
        optimizers=select_optimizers(optimizers or suite.optimizers),
        budget=with_counts(suite.budget, given),
        budgets={name: with_counts(b, given) for name, b in suite.budgets.items()},
        limits=limits(cell_timeout, cell_memory, suite.limits),
    )
