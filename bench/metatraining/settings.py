"""What determines the weights, besides architecture and tasks."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from bench.errors import UserError, check_count
from bench.terminal import counted

STAGES = 5
"""Lengths of unroll and discounts of a schedule: each length is a program of its own to compile."""


class Stage(NamedTuple):
    """What the schedules say at an iteration."""

    unroll: int
    discount: float


@dataclass(frozen=True)
class Settings:
    """`batch`, `weights`: one number for all tasks of a mixture or one each. `validation`: held-out problems a task.

    `unroll_from`, `discount_from`: where these start; they reach `unroll` and `discount` in five equal stages, the last
    fifth of the iterations being run at the full value. `clip_each`: bound of every element of the meta-gradient, in
    place of a bound of its norm. `decay`: factor of the rate every 1000 iterations, in place of warm-up and cosine.
    `beta_1`, `beta_2`, `epsilon`: Adam's, which descends in θ. `l2`: weight of the norm of θ in the meta-loss. `keep`:
    how many log-spaced iterations' θ are written on the way (bench.metatraining.kept); it moves no bit. `unroll_least`:
    with it an iteration's runs end after a number of steps drawn log-uniformly from here to `unroll`, in whole segments
    of the estimator. `parts`: pieces of a batch, each clipped by its own median (bench.metatraining.parts).
    """

    steps: int
    seed: int = 0
    loss: str = "mixed"
    discount: float = 0.95
    clip: float = 5.0
    rate: float = 5e-3
    batch: int | tuple[int, ...] = 64
    unroll: int = 200
    log_weight: float = 0.005
    validation: int | None = None
    weights: tuple[float, ...] | None = None
    unroll_from: int | None = None
    discount_from: float | None = None
    estimator: str = "backprop"
    clip_each: float | None = None
    beta_1: float = 0.9
    beta_2: float = 0.99
    epsilon: float = 1e-8
    decay: float | None = None
    l2: float = 0.0
    keep: int | None = None
    unroll_least: int | None = None
    parts: int | None = None

    def __post_init__(self):
        for name in ("steps", "unroll"):
            check_count(name, getattr(self, name))
        for name in ("validation", "unroll_from", "unroll_least", "parts"):
            if getattr(self, name) is not None:
                check_count(name, getattr(self, name))
        for batch in _listed(self.batch):
            if check_count("batch", batch) % self.pieces:
                raise UserError(
                    f"a batch of {batch} problems does not divide into {self.parts} parts; change one of them"
                )
        if self.keep is not None and check_count("keep", self.keep, 2) > self.steps + 1:
            raise UserError(f"keep is {self.keep}, but {self.steps} steps have {self.steps + 1} iterations to keep")
        if self.unroll_least is not None and self.unroll_least > self.unroll:
            raise UserError(f"unroll_least is {self.unroll_least}, but runs have at most {self.unroll} steps; lower it")
        check_count("seed", self.seed, 0)
        if self.loss not in ("mean", "log", "mixed"):
            raise UserError(f"loss must be mean, log or mixed, not {self.loss!r}")
        self._check_numbers()

    def _check_numbers(self) -> None:
        for name in ("discount", "discount_from", "decay"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= 1:
                raise UserError(f"{name} must be above 0 and at most 1, not {value}")
        for name in ("clip", "clip_each", "rate", "epsilon"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UserError(f"{name} must be above 0, not {value}")
        for name in ("rate", "epsilon"):
            if np.isinf(getattr(self, name)):
                raise UserError(f"{name} must be finite, not {getattr(self, name)}")
        for name in ("log_weight", "l2"):
            if not 0 <= getattr(self, name) < np.inf:
                raise UserError(f"{name} must be 0 or more, not {getattr(self, name)}")
        for name in ("beta_1", "beta_2"):
            if not 0 <= getattr(self, name) < 1:
                raise UserError(f"{name} must be 0 or more and below 1, not {getattr(self, name)}")
        if self.weights is not None and not all(0 < weight < np.inf for weight in self.weights):
            raise UserError(f"weights must be above 0, not {list(self.weights)}")

    def check_tasks(self, count: int) -> None:
        """Raise UserError unless batches and weights are as many as the tasks."""
        for name, values in (("batch", self.batch), ("weights", self.weights)):
            if isinstance(values, tuple) and len(values) != count:
                raise UserError(f"{name} has {len(values)} numbers for {counted(count, 'task')}; give one for each")

    def batch_of(self, task: int) -> int:
        """Problems per iteration of task number `task`."""
        return self.batch[task] if isinstance(self.batch, tuple) else self.batch

    @property
    def pieces(self) -> int:
        """Parts of a batch; the whole is one."""
        return self.parts or 1

    @property
    def largest_batch(self) -> int:
        """Problems set apart for every iteration, whichever task it draws."""
        return max(_listed(self.batch))

    def stage(self, iteration: int) -> Stage:
        """Unroll length and discount of iteration number `iteration`, the first being 0."""
        share = min(iteration * STAGES // self.steps, STAGES - 1) / (STAGES - 1)
        unroll, discount = self.unroll, self.discount
        if self.unroll_from is not None:
            unroll = round(self.unroll_from + share * (unroll - self.unroll_from))
        if self.discount_from is not None:
            discount = self.discount_from + share * (discount - self.discount_from)
        return Stage(unroll, discount)

    def options(self) -> str:
        """The settings as options of the command line, those without a value left out."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return " ".join(
            f"--{name.replace('_', '-')} {_spelled(value)}" for name, value in values.items() if value is not None
        )


def _listed(value: Any) -> tuple:
    return value if isinstance(value, tuple) else (value,)


def _spelled(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
