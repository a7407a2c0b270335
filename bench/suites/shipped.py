"""The suites that ship."""

from __future__ import annotations

from bench.records.record import Budget
from bench.suites.protocol import COSTS, HOMES
from bench.suites.suite import Suite

_BASELINES = ("sgd", "momentum", "nesterov", "rmsprop", "adam")
_LEARNED = ("gru-linear-regression", "gru-rosenbrock", "gru-two-moons-small")
_QUICK_TASKS = ("linear-regression", "rosenbrock", "two-moons-small")
_QUICK = Suite(
    "quick",
    _QUICK_TASKS,
    _BASELINES + _LEARNED,
    budget=COSTS["cost:light"],
    budgets={task: HOMES[task] for task in _QUICK_TASKS},
    metrics={"rosenbrock": "mean_log"},
    about="the paper's three tasks, tuned baselines against meta-trained optimizers, and the probes; minutes",
)
_SMOKE = Suite(
    "smoke",
    ("linear-regression", "rosenbrock"),
    ("sgd", "momentum", "gru-rosenbrock"),
    budget=Budget(steps=30, seeds=8, trials=4, tuning_seeds=4, finalists=2, recheck_seeds=4),
    metrics={"rosenbrock": "mean_log"},
    about="every part once, in seconds; the numbers mean nothing",
)
_PAPER = Suite(
    "paper",
    ("linear-regression", "rosenbrock", "two-moons", "two-moons-small"),
    (*_BASELINES, "gru-*", "replica-*"),
    budget=Budget(steps=200, seeds=128, trials=2500, tuning_seeds=64, finalists=16, recheck_seeds=256),
    budgets={
        "two-moons": Budget(steps=200, seeds=128, trials=200, tuning_seeds=4, finalists=5, recheck_seeds=32),
        "two-moons-small": Budget(steps=200, seeds=128, trials=256, tuning_seeds=16, finalists=5, recheck_seeds=64),
    },
    metrics={"rosenbrock": "mean_log"},
    about="tasks and baselines of Maheswaranathan et al. (2021), up to 2500 trials, all meta-seeds",
)
_CORE_TASKS = (
    "linear-regression",
    "quadratic",
    "quadratic-ill",
    "quadratic-noisy",
    "saddle",
    "least-squares",
    "regression-huber",
    "regression-batches",
    "rosenbrock",
    "rosenbrock-10",
    "beale",
    "ackley",
    "rastrigin",
    "levy",
    "breast-cancer",
    "wine",
    "digits-softmax",
    "matrix-factorization",
    "matrix-completion",
    "deep-linear",
    "two-moons-small",
    "spirals",
    "moons-deep-narrow",
    "digits-relu",
    "digits-conv",
    "digits-autoencoder",
    "adding-gru",
    "reversing-transformer",
)
"""A few of each family, a family a line."""

_CORE = Suite(
    "core",
    _CORE_TASKS,
    ("kind:hand-designed", *_LEARNED, "gru-least-squares", "gru-two-moons", "kind:oracle"),
    budget=COSTS["cost:light"],
    budgets={**{task: HOMES[task] for task in (*_QUICK_TASKS, "least-squares")}, **COSTS},
    metrics={"linear-regression": "mean_loss", "tag:classic": "mean_log", "tag:quadratic": "mean_log"},
    about="every family of tasks, all hand-designed entries, specialists, oracles; see --dry-run for how long",
)
SUITES = {suite.name: suite for suite in (_QUICK, _SMOKE, _PAPER, _CORE)}
