"""What the programs of meta-training are compiled for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.metatraining.metalosses import MetaLoss, meta_loss


@dataclass(frozen=True)
class Goal:
    """Runs of `steps` steps of `architecture` on `task`, made to score well by `loss`, a MetaLoss or the name of one.

    Adjoints are multiplied by `discount` at every backward step and clipped, per problem, to `clip` times the batch
    median: backprop only.
    """

    task: Any
    architecture: Any
    steps: int
    loss: MetaLoss | str
    discount: float = 1.0
    clip: float = float("inf")

    @property
    def score(self) -> MetaLoss:
        return meta_loss(self.loss)
