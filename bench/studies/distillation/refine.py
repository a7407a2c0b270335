"""Closed-loop refinement: a fitted closed form goes on by the meta-gradient, to do well rather than to imitate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.lookup.named import NamedTask
from bench.metatraining import metatrain
from optimizers import Entry, Optimizer
from optimizers.weights_file import Weights, read_card
from tasks import TaskError, get

RATE = 1e-2
BATCH = 64


@dataclass(frozen=True)
class Begun:
    """An architecture whose meta-training starts at given constants."""

    architecture: Any
    start: tuple[tuple[str, float], ...]

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        return {name: np.asarray(value, "float32") for name, value in self.start}

    def build(self, theta: Mapping[str, Any]) -> Optimizer:
        return self.architecture.build(theta)


def refine(
    subject: NamedTask, architecture: Any, theta: Mapping[str, float], teacher: Entry, *, iterations: int, steps: int
) -> dict[str, float]:
    """θ after so many meta-iterations from `theta`, by the meta-loss of the teacher's card where it has one."""
    started = Begun(architecture, tuple(theta.items()))
    batch = BATCH if subject.task.tile[1] >= 32 else 8
    found = metatrain(
        started,
        subject.task if _unnamed(subject) else subject.name,
        steps=iterations,
        rate=RATE,
        batch=batch,
        unroll=steps,
        progress=False,
        **_settings(teacher),
    )
    return {name: float(value) for name, value in found.items()}


def _unnamed(subject: NamedTask) -> bool:
    """Whether the task was given as an object and cannot be found again by its name."""
    try:
        return get(subject.name) != subject.task
    except TaskError:
        return True


def _settings(teacher: Entry) -> dict[str, Any]:
    """Meta-loss and discount that the teacher was trained with; those of `metatrain` otherwise."""
    if not isinstance(teacher.defaults, Weights):
        return {}
    card = read_card(teacher.defaults.path)
    return {name: card[name] for name in ("loss", "discount") if name in card}
