"""The targets, as data: which weights, against what, by which metric, how far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from bench.suites.protocol import HOMES

BASELINES = ("momentum", "rmsprop", "adam")
SEEDS = 3
"""Meta-seeds of every specialist: gru-TASK, gru-TASK-2, gru-TASK-3."""


class Target(NamedTuple):
    """`how`: "ratio" of means, "difference" of means, or "wins", the share of problems where the weights are lower.

    `baseline`: a name, or "best": of the three the one best by the metric on the report problems themselves. `bound`:
    at most, of wins at least; None: only reported.
    """

    task: str
    metric: str
    how: str
    baseline: str
    bound: float | None


class Quick(NamedTuple):
    """A training from scratch that takes at most a minute."""

    architecture: str
    steps: int
    settings: Mapping[str, Any]


TASKS = tuple(HOMES)
TARGETS = (
    Target("linear-regression", "mean_loss", "ratio", "momentum", 0.84),
    Target("linear-regression", "mean_loss", "ratio", "adam", 0.5),
    Target("linear-regression", "mean_log", "difference", "best", 0.0),
    Target("least-squares", "mean_loss", "ratio", "best", 0.85),
    Target("least-squares", "final", "ratio", "best", 1.0),
    Target("least-squares", "log_final", "difference", "best", 0.0),
    Target("rosenbrock", "mean_log", "difference", "best", -5.0),
    Target("rosenbrock", "log_final", "difference", "best", -6.0),
    Target("rosenbrock", "mean_log", "wins", "best", 0.99),
    Target("two-moons-small", "mean_loss", "ratio", "best", 0.86),
    Target("two-moons-small", "final", "ratio", "best", 1.01),
    Target("two-moons", "mean_loss", "ratio", "adam", 0.95),
    Target("two-moons", "mean_loss", "ratio", "momentum", 0.85),
    Target("two-moons", "mean_loss", "ratio", "rmsprop", 0.55),
    Target("two-moons", "final", "ratio", "adam", 1.03),
    Target("digits-conv", "mean_loss", "ratio", "best", None),
    Target("digits-conv", "final", "ratio", "best", None),
)
QUICK_TARGETS = (
    Target("linear-regression", "mean_loss", "ratio", "momentum", 1.0),
    Target("least-squares", "mean_loss", "ratio", "best", 0.88),
    Target("rosenbrock", "mean_log", "difference", "best", -3.0),
    Target("two-moons-small", "mean_loss", "ratio", "best", 0.95),
)
_LINEAR = "gru[input=raw,output_scale=1.0]"
_MOONS = "gru[input=raw,input_scale=10.0,output_scale=0.1]"
QUICK = {
    "linear-regression": Quick(_LINEAR, 1500, {"batch": 32, "log_weight": 0.003}),
    "least-squares": Quick(_LINEAR, 400, {"batch": 32}),
    "rosenbrock": Quick("gru", 900, {"loss": "log", "discount": 0.9, "rate": 3e-3}),
    "two-moons-small": Quick(_MOONS, 180, {"loss": "mean", "discount": 0.9, "batch": 8}),
}
QUICK_SECONDS = 60.0
