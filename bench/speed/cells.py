"""What is raced: problem, numbers of configurations, seeds and steps, and the sweep that all contenders run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import tasks
from bench.speed import problems
from tasks import Task


class Workload(NamedTuple):
    """One comparison; `family` names the problem, whatever its tile. `work` is in optimizer steps of single runs."""

    name: str
    family: str
    task: Task
    optimizer: str
    configurations: int
    seeds: int
    steps: int = 200

    @property
    def work(self) -> int:
        return self.configurations * self.seeds * self.steps


ROSENBROCK = Workload("Rosenbrock 256×32", "rosenbrock", problems.LargeRosenbrock(), "adam", 256, 32)
MEDIUM = Workload("Rosenbrock 32×32", "rosenbrock", problems.MediumRosenbrock(), "adam", 32, 32)
SMALL = Workload("Rosenbrock 8×8", "rosenbrock", problems.SmallRosenbrock(), "adam", 8, 8)
REGRESSION = Workload("regression 256×32", "regression", problems.SmallRegression(), "adam", 256, 32)
MOONS = Workload("two moons 16×16", "moons", problems.Moons(), "adam", 16, 16)
CONVOLUTION = Workload("convolution 8×8", "convolution", problems.SmallConvolution(), "adam", 8, 8)
GRUS = tuple(
    Workload(f"GRU-32 on {name} 1×128", name, tasks.get(name), f"gru-{name}", 1, 128)
    for name in ("rosenbrock", "linear-regression")
)
FOUR = (ROSENBROCK, REGRESSION, MOONS, CONVOLUTION)


def sweep(configurations: int) -> dict[str, np.ndarray]:
    """Adam's settings, (configurations,) float32 each: rates from 1e-4 to 1e-1, decays about their defaults.

    β₂ stays below 0.999, where 1 − β₂ᵗ keeps enough digits in float32 for all powers to agree; ε is 1e-12 because Keras
    adds it before the bias correction and optax after: only a negligible one gives both the same losses.
    """
    rng = np.random.Generator(np.random.Philox(0))
    columns = {
        "learning_rate": 10 ** rng.uniform(-4, -1, configurations),
        "beta_1": 1 - 10 ** rng.uniform(-2, -0.3, configurations),
        "beta_2": 1 - 10 ** rng.uniform(-3, -1, configurations),
        "epsilon": np.full(configurations, 1e-12),
    }
    return {name: column.astype("float32") for name, column in columns.items()}
