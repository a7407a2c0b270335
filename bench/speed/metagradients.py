"""Duels of the meta-gradient: a GRU-32 through 200 steps, ours against JAX's as three kinds of people write it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

from bench.speed.context import Context
from bench.speed.paired_timing import Making, fight
from bench.speed.processes import Side
from bench.speed.rows import Limit, Ratio, at_least

UNITS, STEPS = 32, 200
TOLERANCE = 1e-5
"""Largest relative difference of the gradients in θ, over all of θ, of runs of `CHECKED` steps."""
CHECKED = 20
"""Rounding grows with every step of a network: 5e-6 here, 8e-5 after 200 of two-moons-small."""
ORDERS = ("vmap of scan", "scan of vmap")


class MetaCell(NamedTuple):
    """Problems of a registered task, all unrolled at once; no clip and no discount, which JAX's `grad` has not."""

    task: str
    problems: int
    units: int = UNITS
    steps: int = STEPS

    @property
    def name(self) -> str:
        return f"meta-gradient, {self.task} ×{self.problems}"

    @property
    def work(self) -> int:
        return self.problems * self.steps


class Style(NamedTuple):
    """How JAX is written: gates cut by `split` or by slices, and whether every step is a checkpoint."""

    name: str
    split: bool
    checkpoint: bool
    target: Limit


class MetaComparison(NamedTuple):
    """One row to be measured."""

    cell: MetaCell
    style: Style


CELLS = (MetaCell("linear-regression", 64), MetaCell("rosenbrock", 64), MetaCell("two-moons-small", 8))
STYLES = (
    Style("JAX, checkpoint, same cell", True, True, at_least(1.0)),
    Style("JAX, checkpoint, sliced gates", False, True, at_least(1.5)),
    Style("JAX, grad of scan", False, False, at_least(2.0)),
)
META_COMPARISONS = tuple(MetaComparison(cell, style) for cell in CELLS for style in STYLES)


def measure_meta(context: Context, comparison: MetaComparison) -> Ratio:
    """The row of one comparison; raises what a contender raises."""
    cell, style = comparison
    if missing := [] if find_spec("jax") else ["jax"]:
        reason = f"not installed: {', '.join(missing)} (the extra `benchmarks` has it)"
        return Ratio(cell.name, style.name, target=style.target, missing=reason, excused=True)
    mine, other = context.sides["ours"], context.sides["jax"]
    problem = mine.call("ours_metagradients:problem", cell)
    error = _check(mine, other, comparison, problem)
    makings = {order: Making("jax_metagradients:contend", (cell, style, order, problem)) for order in ORDERS}
    ours = Making("ours_metagradients:contend", (cell,))
    fastest, duel, first = fight(mine, other, ours, makings, context.rounds, f"{cell.name} / {style.name}")
    mine.forget()
    other.forget()
    return Ratio(
        cell.name,
        style.name,
        tuple(duel.ratios),
        style.target,
        ours=duel.ours.min(),
        peer=duel.peer.min(),
        note=f"fastest of {len(makings)}: {fastest}",
        details={
            "ratio_of_bests": duel.peer.min() / duel.ours.min(),
            "first_call_ours": first["ours"],
            "first_call_peer": first[fastest],
            "disagreement": error,
        },
    )


def difference(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> float:
    """‖ours − theirs‖ / ‖ours‖ over all of θ; infinite where one is not finite."""
    wrong = sum(float(np.sum(np.square(ours[name] - theirs[name]))) for name in ours)
    error = np.sqrt(wrong / sum(float(np.sum(np.square(value))) for value in ours.values()))
    return float(error) if np.isfinite(error) else np.inf


def _check(mine: Side, other: Side, comparison: MetaComparison, problem) -> float:
    """Largest `difference` of either order from ours; raises ValueError beyond the tolerance."""
    cell, style = comparison.cell._replace(steps=CHECKED), comparison.style
    reference = mine.call("ours_metagradients:gradients", cell)
    errors = [
        difference(reference, other.call("jax_metagradients:gradients", cell, style, order, problem))
        for order in ORDERS
    ]
    if not max(errors) <= TOLERANCE:
        raise ValueError(f"{style.name} has other gradients than ours, by {max(errors):.1g}")
    return max(errors)
