"""Which tasks, which entries, which budget: a suite, and the ones that ship."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.errors import UserError
from bench.records import Budget
from bench.selection import nearest, select_optimizers, select_tasks, task_matches


@dataclass(frozen=True)
class Suite:
    """Tasks × optimizers, by selector (bench.selection) or object.

    `budgets` and `metrics` say where a task differs from the default: their keys are selectors, a task's own name
    goes before the others, of which the first that matches counts. `metrics` is what a task's own table is about;
    the leaderboard over all tasks is about `anytime`.
    """

    name: str
    tasks: tuple[Any, ...]
    optimizers: tuple[Any, ...]
    budget: Budget = field(default_factory=Budget)
    budgets: Mapping[str, Budget] = field(default_factory=dict)
    metrics: Mapping[str, str] = field(default_factory=dict)
    about: str = ""

    def budget_for(self, task: Any) -> Budget:
        return _first_match(self.budgets, task, self.budget)

    def metric_for(self, task: Any) -> str:
        return _first_match(self.metrics, task, "mean_loss")


def _first_match(table: Mapping[str, Any], task: Any, default: Any) -> Any:
    if isinstance(task, str) and task in table:
        return table[task]
    return next((value for key, value in table.items() if task_matches(key, task)), default)


_BASELINES = ("sgd", "momentum", "nesterov", "rmsprop", "adam")
_LEARNED = ("gru-linear-regression", "gru-rosenbrock", "gru-two-moons-small")
_CHEAP = Budget(steps=200, seeds=512, trials=1024, tuning_seeds=64)

_QUICK = Suite(
    "quick",
    ("linear-regression", "rosenbrock", "two-moons-small"),
    _BASELINES + _LEARNED,
    budget=Budget(steps=200, seeds=256, trials=128, tuning_seeds=16),
    budgets={"linear-regression": _CHEAP, "rosenbrock": _CHEAP},
    metrics={"rosenbrock": "mean_log"},
    about="the paper's three tasks, tuned baselines against meta-trained optimizers, and the probes; minutes",
)
_SMOKE = Suite(
    "smoke",
    ("linear-regression", "rosenbrock"),
    ("sgd", "momentum", "gru-rosenbrock"),
    budget=Budget(steps=30, seeds=8, trials=4, tuning_seeds=4),
    metrics={"rosenbrock": "mean_log"},
    about="every part once, in seconds; the numbers mean nothing",
)
_PAPER = Suite(
    "paper",
    ("linear-regression", "rosenbrock", "two-moons", "two-moons-small"),
    (*_BASELINES, "gru-*"),
    budget=Budget(steps=200, seeds=128, trials=2500, tuning_seeds=64),
    budgets={
        "two-moons": Budget(steps=200, seeds=128, trials=200, tuning_seeds=4),
        "two-moons-small": Budget(steps=200, seeds=128, trials=256, tuning_seeds=16),
    },
    metrics={"rosenbrock": "mean_log"},
    about="tasks and baselines of Maheswaranathan et al. (2021), up to 2500 trials, specialists at all meta-seeds",
)
_CORE_TASKS = (
    "linear-regression", "quadratic", "quadratic-ill", "quadratic-noisy", "saddle",
    "least-squares", "regression-huber", "regression-batches",
    "rosenbrock", "rosenbrock-10", "beale", "ackley", "rastrigin", "levy",
    "breast-cancer", "wine", "digits-softmax",
    "matrix-factorization", "matrix-completion", "deep-linear",
    "two-moons-small", "spirals", "moons-deep-narrow", "digits-relu",
    "digits-conv", "digits-autoencoder",
    "adding-gru", "reversing-transformer",
)  # fmt: skip
"""A few of each family, a family a line."""

_CORE = Suite(
    "core",
    _CORE_TASKS,
    ("kind:hand-designed", *_LEARNED, "gru-least-squares", "gru-two-moons", "kind:oracle"),
    budget=Budget(steps=200, seeds=128, trials=128, tuning_seeds=32),
    budgets={
        "cost:medium": Budget(steps=200, seeds=64, trials=64, tuning_seeds=16),
        "cost:heavy": Budget(steps=100, seeds=32, trials=24, tuning_seeds=8),
    },
    metrics={
        "linear-regression": "mean_loss", "tag:classic": "mean_log", "tag:quadratic": "mean_log",
    },
    about="every family of tasks, all hand-designed entries, specialists, oracles; see --dry-run for how long",
)  # fmt: skip
SUITES = {suite.name: suite for suite in (_QUICK, _SMOKE, _PAPER, _CORE)}


def get(name: str) -> Suite:
    """The suite called `name`, or the one in a file ending in .toml; raises UserError."""
    if name.endswith(".toml"):
        from bench.suite_files import read

        return read(name)
    if name not in SUITES:
        raise UserError(
            f"unknown suite {name!r}; known: {', '.join(SUITES)}, or a file ending in .toml"
            + nearest(name, SUITES)
        )
    return SUITES[name]


def override(suite: Suite, *, tasks=None, optimizers=None, **numbers: int | None) -> Suite:
    """`suite` with other tasks, optimizers or budget numbers (steps, seeds, trials, tuning_seeds), selectors resolved.

    Raises UserError, TaskError and OptimizerError for what does not exist.
    """
    given = {name: check_count(name, value) for name, value in numbers.items() if value is not None}
    return dataclasses.replace(
        suite,
        tasks=select_tasks(tasks or suite.tasks),
        optimizers=select_optimizers(optimizers or suite.optimizers),
        budget=dataclasses.replace(suite.budget, **given),
        budgets={name: dataclasses.replace(b, **given) for name, b in suite.budgets.items()},
    )


def check_count(name: str, value: Any) -> int:
    """`value` if it is a whole number of at least 1; raises UserError."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserError(f"{name} must be a whole number of at least 1, not {value!r}")
    return value
