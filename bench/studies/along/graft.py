"""A grown network whose learning rate follows gradients as a younger one's does: the causal test of what grew.

With F, U the state and update that follow state h and gradient g, r the drift path, ΔU(h, g) = U(h, g) − U(h, 0) and
likewise ΔF, and ρ = ∂U/∂g(h, 0) / ∂U/∂g(r, 0), the factor that the state makes of the rate,

    h' = F(h, 0) + ρ ΔF(r, g)        dx = U(h, 0) + ρ ΔU(r, g)

is the network without adaptation for ρ = 1 (bench.studies.ablation), nearly the network itself for its own ρ, and the
graft for ρ of another network that runs beside it on the same gradients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.studies.ablation import entries
from optimizers import Entry, Optimizer

SMALLEST = 0.01
"""Factors of a rate are kept within this and its inverse."""
VARIANTS: Mapping[str, Mapping[str, float]] = {
    "grown": {"intact": 1.0, "young": 0.0, "own": 1.0},
    "young": {"intact": 1.0, "young": 1.0, "own": 0.0},
    "its own rate": {"intact": 0.0, "young": 0.0, "own": 1.0},
    "young rate": {"intact": 0.0, "young": 1.0, "own": 0.0},
    "no adaptation": {"intact": 0.0, "young": 0.0, "own": 0.0},
}
"""What is raced, as switches: both networks as they are, and the grown one with three ρ."""


@dataclass(frozen=True)
class Graft:
    """θ -> Optimizer: θ holds the switches of a variant and `step`, a factor of the update."""

    grown: entries.Build
    young: entries.Build

    def __call__(self, theta: Mapping[str, Any]) -> Optimizer:
        from bench.studies.along.grafted import optimizer

        return optimizer(entries.frozen(self.grown), entries.frozen(self.young), theta)


def entry(grown: Entry, young: Entry, horizon: int) -> Entry:
    """The entry of all variants; raises OptimizerError for what is no system of single parameters."""
    made = Graft(*(entries.build(each, {}, horizon) for each in (grown, young)))
    return Entry("grafted", "learned", made, defaults={**VARIANTS["grown"], "step": 1.0})
