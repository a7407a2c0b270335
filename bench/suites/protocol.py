"""The one protocol: how a task's entries are tuned, checked again and reported, in suites and studies alike.

`quick`, `core`, `targets`, `generalise`, `anatomy` and `paper` take a task's budget from here, so that one question,
say the mean loss of a GRU over that of tuned momentum, has one answer and one cell wherever it is asked.
"""

from __future__ import annotations

from typing import Any

from bench.lookup import resolve
from bench.lookup.selectors import task_matches
from bench.records.record import Budget
from bench.suites.suite import with_counts

_CHEAP = Budget(steps=200, seeds=512, trials=1024, tuning_seeds=64, finalists=16, recheck_seeds=256)
_HEAVY = Budget(steps=200, seeds=256, trials=200, tuning_seeds=4, finalists=5, recheck_seeds=32)
HOMES = {
    "linear-regression": _CHEAP,
    "least-squares": _CHEAP,
    "rosenbrock": _CHEAP,
    "two-moons-small": Budget(steps=200, seeds=512, trials=128, tuning_seeds=16, finalists=5, recheck_seeds=64),
    "two-moons": _HEAVY,
    "digits-conv": _HEAVY,
}
"""Tasks that shipped weights were trained on."""
COSTS = {
    "cost:light": Budget(steps=200, seeds=128, trials=128, tuning_seeds=32, finalists=5, recheck_seeds=128),
    "cost:medium": Budget(steps=200, seeds=64, trials=64, tuning_seeds=16, finalists=5, recheck_seeds=32),
    "cost:heavy": Budget(steps=100, seeds=32, trials=24, tuning_seeds=8, finalists=3, recheck_seeds=16),
}
"""All others, by what a step costs."""


def budget_for(task: Any, **numbers: int | None) -> Budget:
    """The budget of a task, a name or an object, with other numbers where given; raises UserError, TaskError."""
    known = HOMES.get(resolve.named_task(task).name)
    usual = known or next(budget for cost, budget in COSTS.items() if task_matches(cost, task))
    return with_counts(usual, {name: count for name, count in numbers.items() if count is not None})
