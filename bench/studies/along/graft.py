"""A grown network whose learning rate follows gradients as a younger one's does: the causal test of what grew.

With F, U the state and update that follow state h and gradient g, r the drift path, ΔU(h, g) = U(h, g) − U(h, 0),
likewise ΔF, and ρ = ∂U/∂g(h, 0) / ∂U/∂g(r, 0), the factor that the state makes of the rate,

    h' = F(h, 0) + κ ΔF(h, g)        dx = U(h, 0) + κ ΔU(h, g)

is the grown network for κ = 1. With κ = min(1, 1 / ρ) its rate never rises above what it is without gradients, with κ =
min(1, ρ' / ρ) never above what the ρ' of another network makes of it that runs beside it on the same gradients; nothing
else is touched. κ above 1 is no test: where a curve saturates ρ is small, and 1 / ρ breaks the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.studies.ablation import entries
from optimizers import Entry, Optimizer

VARIANTS: Mapping[str, Mapping[str, float]] = {
    "grown": {"intact": 1.0, "young": 0.0, "path": 0.0},
    "young": {"intact": 1.0, "young": 1.0, "path": 0.0},
    "no rise beyond the young": {"intact": 0.0, "young": 1.0, "path": 0.0},
    "no rise": {"intact": 0.0, "young": 0.0, "path": 0.0},
    "no adaptation": {"intact": 0.0, "young": 0.0, "path": 1.0},
}
"""What is raced, as switches: both networks as they are, the two κ, and ΔF(r, g), ΔU(r, g) in place of their own, the
ablation of adaptation (bench.studies.ablation).
"""


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
