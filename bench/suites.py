"""Which tasks, which entries, which budget: a suite, and the ones that ship."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.errors import UserError
from bench.records import Budget


@dataclass(frozen=True)
class Suite:
    """Tasks × optimizers, by name or object; `budgets` and `metrics` say where a task differs from the default.

    `metrics` is what a task's own table is about; the leaderboard over all tasks is about `anytime`.
    """

    name: str
    tasks: tuple[Any, ...]
    optimizers: tuple[Any, ...]
    budget: Budget = field(default_factory=Budget)
    budgets: Mapping[str, Budget] = field(default_factory=dict)
    metrics: Mapping[str, str] = field(default_factory=dict)
    about: str = ""

    def budget_for(self, task: Any) -> Budget:
        return self.budgets.get(task, self.budget) if isinstance(task, str) else self.budget

    def metric_for(self, task: Any) -> str:
        return self.metrics.get(task, "mean_loss") if isinstance(task, str) else "mean_loss"


_BASELINES = ("sgd", "momentum", "nesterov", "rmsprop", "adam")
_LEARNED = ("gru-linear-regression", "gru-rosenbrock", "gru-two-moons-small")
_CHEAP = Budget(steps=200, seeds=512, trials=1024, tuning_seeds=64)

SUITES = {
    suite.name: suite
    for suite in (
        Suite(
            "quick",
            ("linear-regression", "rosenbrock", "two-moons-small"),
            _BASELINES + _LEARNED,
            budget=Budget(steps=200, seeds=256, trials=128, tuning_seeds=16),
            budgets={"linear-regression": _CHEAP, "rosenbrock": _CHEAP},
            metrics={"rosenbrock": "mean_log"},
            about="the paper's three tasks, tuned baselines against meta-trained optimizers, and the probes; minutes",
        ),
        Suite(
            "smoke",
            ("linear-regression", "rosenbrock"),
            ("sgd", "momentum", "gru-rosenbrock"),
            budget=Budget(steps=30, seeds=8, trials=4, tuning_seeds=4),
            metrics={"rosenbrock": "mean_log"},
            about="every part once, in seconds; the numbers mean nothing",
        ),
    )
}


def get(name: str) -> Suite:
    """The suite called `name`; raises UserError."""
    if name not in SUITES:
        raise UserError(f"unknown suite {name!r}; known: {', '.join(SUITES)}")
    return SUITES[name]


def override(suite: Suite, *, tasks=None, optimizers=None, **numbers: int | None) -> Suite:
    """`suite` with other tasks, optimizers or budget numbers (steps, seeds, trials, tuning_seeds)."""
    given = {name: check_count(name, value) for name, value in numbers.items() if value is not None}
    return dataclasses.replace(
        suite,
        tasks=tuple(tasks or suite.tasks),
        optimizers=tuple(optimizers or suite.optimizers),
        budget=dataclasses.replace(suite.budget, **given),
        budgets={name: dataclasses.replace(b, **given) for name, b in suite.budgets.items()},
    )


def check_count(name: str, value: Any) -> int:
    """`value` if it is a whole number of at least 1; raises UserError."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserError(f"{name} must be a whole number of at least 1, not {value!r}")
    return value
