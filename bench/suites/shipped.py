"""The suites that ship."""

from __future__ import annotations

from bench.records.record import Budget
from bench.suites.suite import Suite

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
    budget=Budget(steps=200, seeds=128, trials=128, tuning_seeds=32),
    budgets={
        "cost:medium": Budget(steps=200, seeds=64, trials=64, tuning_seeds=16),
        "cost:heavy": Budget(steps=100, seeds=32, trials=24, tuning_seeds=8),
    },
    metrics={"linear-regression": "mean_loss", "tag:classic": "mean_log", "tag:quadratic": "mean_log"},
    about="every family of tasks, all hand-designed entries, specialists, oracles; see --dry-run for how long",
)
SUITES = {suite.name: suite for suite in (_QUICK, _SMOKE, _PAPER, _CORE)}
