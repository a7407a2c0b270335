"""What the program of an estimator is compiled for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.metatraining.metalosses import MetaLoss


@dataclass(frozen=True)
class Goal:
    """What the programs of all estimators are compiled for. `steps`: of a whole run."""

    task: Any
    architecture: Any
    steps: int
    loss: MetaLoss
    discount: float
    clip: float
