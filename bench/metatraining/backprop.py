"""The meta-gradient through the whole unroll as an estimator of one segment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.metagradient import compile_metagradient


@dataclass(frozen=True)
class Backprop:
    """bench.metagradient: one segment, as long as the unroll."""

    def segments(self, unroll: int) -> int:
        return 1

    def compile(self, task, architecture, *, steps, loss, discount, clip, log_weight) -> Program:
        made = compile_metagradient(
            task, architecture.build, steps=steps, loss=loss, discount=discount, clip=clip, log_weight=log_weight
        )  # fmt: skip
        return Program(made, architecture, steps)


@dataclass(frozen=True)
class Program:
    """`begin` carries the starting points, `segment` differentiates through all steps at once."""

    metagradient: Any
    architecture: Any
    steps: int

    def begin(self, theta, params, data, batches):
        return params

    def segment(self, theta, carry, data, batches, k, key):
        return self.metagradient(theta, carry, data, batches), carry

    def memory_bytes(self, params_count: int, problems: int) -> int:
        """Parameters, gradients and state of every step and problem, float32."""
        numbers = 2 * params_count + _state_size(self.architecture, params_count)
        return 4 * numbers * problems * (self.steps + 1)


def get(text: str) -> Backprop:
    """The estimator meant by `text`; raises UserError."""
    if text != "backprop":
        raise UserError(f"unknown estimator {text!r}; known: backprop")
    return Backprop()


def spell(estimator: Backprop) -> str:
    """The text that `get` turns into `estimator`."""
    return "backprop"


def refuse_if_too_large(needed: float, limit: float | None = None) -> None:
    """Raise UserError when `needed` bytes are more than `limit`, by default what is free."""
    limit = _free() if limit is None else limit
    if needed > limit:
        raise UserError(
            f"meta-training would take {needed / 2**30:.1f} GB, and {limit / 2**30:.1f} GB may be used; "
            "lower --batch, --unroll or the units"
        )


def _free() -> float:
    """Bytes that may still be taken; infinity where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(1024.0 * int(x.split()[1]) for x in lines if x.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError, IndexError):
        return math.inf


def _state_size(architecture: Any, params_count: int) -> int:
    """Numbers of state that `params_count` parameters take."""
    import tensorflow as tf

    theta = {name: tf.constant(value) for name, value in architecture.initial(0).items()}
    state = architecture.build(theta).init(tf.zeros([1, params_count]))
    return sum(int(np.prod(leaf.shape)) for leaf in tf.nest.flatten(state))
