"""What a suite is: which tasks, which entries, which budget."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

from bench.errors import UserError, check_count
from bench.lookup.selectors import task_matches
from bench.records.record import RECHECK, Budget


class Limits(NamedTuple):
    """What one cell may take: seconds, and bytes of memory that its process holds; None: as much as there is.

    No number depends on it.
    """

    seconds: float | None = None
    memory: int | None = None


UNLIMITED = Limits()


@dataclass(frozen=True)
class Suite:
    """Tasks × optimizers, by selector (bench.lookup.selectors) or object.

    `budgets` and `metrics` say where a task differs from the default: their keys are selectors, a task's own name goes
    before the others, of which the first that matches counts. `metrics` is what a task's own table is about; the
    leaderboard over all tasks is about `anytime`.
    """

    name: str
    tasks: tuple[Any, ...]
    optimizers: tuple[Any, ...]
    budget: Budget = field(default_factory=Budget)
    budgets: Mapping[str, Budget] = field(default_factory=dict)
    metrics: Mapping[str, str] = field(default_factory=dict)
    about: str = ""
    files: tuple[str, ...] = ()
    """Python files, and TOML files whose reading registers tasks, that this suite names; every process reads them."""
    limits: Limits = UNLIMITED

    def budget_for(self, task: Any) -> Budget:
        return _first_match(self.budgets, task, self.budget)

    def metric_for(self, task: Any) -> str:
        return _first_match(self.metrics, task, "mean_loss")


def limits(seconds: Any = None, mebibytes: Any = None, default: Limits = UNLIMITED) -> Limits:
    """`default` with what is given: a cell's seconds and its mebibytes of memory; raises UserError."""
    for name, value in (("cell_timeout", seconds), ("cell_memory", mebibytes)):
        sound = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf
        if value is not None and not sound:
            unit = "seconds" if name == "cell_timeout" else "MiB"
            raise UserError(f"{name} must be a positive number of {unit}, not {value!r}")
    seconds = default.seconds if seconds is None else float(seconds)
    return Limits(seconds, default.memory if mebibytes is None else int(mebibytes * 2**20))


def with_counts(budget: Budget, given: Mapping[str, Any]) -> Budget:
    """`budget` with other numbers; raises UserError for what is no count of it, and for half a re-check."""
    known = [field.name for field in fields(Budget)]
    if unknown := [name for name in given if name not in known]:
        raise UserError(f"a budget has no {unknown[0]!r}; known: {', '.join(known)}")
    counts = {name: check_count(name, value, 0 if name in RECHECK else 1) for name, value in given.items()}
    made = replace(budget, **counts)
    for name, other in (RECHECK, RECHECK[::-1]):
        if counts.get(name) and not getattr(made, name):
            raise UserError(f"{name} {counts[name]} without {other} is no re-check; give {other} too, or 0 for both")
    return made


def _first_match(table: Mapping[str, Any], task: Any, default: Any) -> Any:
    if isinstance(task, str) and task in table:
        return table[task]
    return next((value for key, value in table.items() if task_matches(key, task)), default)
