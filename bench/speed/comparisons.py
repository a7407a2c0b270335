"""Every row that is a duel: cells against peers, problems handed over, losses compared before anything is timed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

import optimizers
from bench.speed import cells
from bench.speed.cells import Workload
from bench.speed.context import Context
from bench.speed.paired_timing import CHECKED, CHECKED_LEARNED, Making, fight, same_losses
from bench.speed.processes import Side
from bench.speed.rows import Limit, Ratio, at_least

LAYOUTS = {
    "rosenbrock": ("",),
    "linear-regression": ("",),
    "regression": ("points minor", "X@w"),
    "moons": ("points minor", "X@W"),
    "convolution": ("images minor", "patches@W"),
}
"""Layouts of jax_losses.EXPERT by family."""
RECORDINGS = ("full curve", "in the carry")


class Peer(NamedTuple):
    """`module:function` makes a contender from (cell, problem, *variant), `function_curves` from (cell, problem, steps,
    *variant) the losses of some of its runs.
    """

    name: str
    side: str
    needs: tuple[str, ...]
    function: str
    settings: tuple = ()

    def variants(self, cell: Workload) -> list[tuple]:
        """What a person would try before keeping the fastest."""
        if self.function == "jax_peers:expert":
            return [(layout, how) for layout in LAYOUTS[cell.family] for how in RECORDINGS]
        return [self.settings]


_JAX, _TORCH = ("jax", "optax"), ("torch",)
EXPERT = Peer("expert JAX", "jax", _JAX, "jax_peers:expert")
OBVIOUS = Peer("obvious JAX", "jax", _JAX, "jax_peers:obvious")
GRU = Peer("JAX, same cell", "jax", _JAX, "jax_gru:learned")
PER_STEP = Peer("tf.function per step", "keras", (), "keras_peers:per_step")
FIT = Peer("model.fit", "keras", (), "keras_peers:fit", (1,))
FIT_MANY = Peer("model.fit, 100 steps per execution", "keras", (), "keras_peers:fit", (100,))
TORCH = Peer("torch.func", "torch", _TORCH, "torch_peers:func")


class Comparison(NamedTuple):
    """One row to be measured."""

    cell: Workload
    peer: Peer
    target: Limit | None

    @property
    def name(self) -> str:
        return f"{self.cell.name} / {self.peer.name}"


def absent(peer: Peer) -> list[str]:
    """Packages that the peer needs and that are not installed."""
    return [package for package in peer.needs if find_spec(package) is None]


def _all() -> list[Comparison]:
    expert = {
        cells.ROSENBROCK: 1.1,
        cells.MEDIUM: 1.4,
        cells.SMALL: 1.1,
        cells.REGRESSION: 1.0,
        cells.MOONS: 1.0,
        cells.CONVOLUTION: 1.0,
    }
    rows = [Comparison(cell, EXPERT, at_least(value)) for cell, value in expert.items()]
    for peer, values in ((OBVIOUS, (4, 3, 2, 2.5)), (PER_STEP, (40_000, 1000, 25, 25))):
        rows += [Comparison(c, peer, at_least(v)) for c, v in zip(cells.FOUR, values, strict=True)]
    rows += [Comparison(cells.MOONS, FIT, at_least(100)), Comparison(cells.MOONS, FIT_MANY, None)]
    rows += [Comparison(cell, TORCH, None) for cell in cells.FOUR]
    return rows + [Comparison(cell, GRU, at_least(1.05)) for cell in cells.GRUS]


COMPARISONS = _all()


def measure(context: Context, comparison: Comparison) -> Ratio:
    """The row of one comparison; raises what a contender raises."""
    cell, peer, target = comparison
    if missing := absent(peer):
        reason = f"not installed: {', '.join(missing)} (the extra `benchmarks` has it)"
        return Ratio(cell.name, peer.name, target=target, missing=reason, excused=True)
    mine, other = context.sides["ours"], context.sides[peer.side]
    problem = mine.call("ours:problem", cell)
    variants = {", ".join(map(str, filter(None, v))): v for v in peer.variants(cell)}
    error = _check(mine, other, cell, peer, problem, variants)
    makings = {name: Making(peer.function, (cell, problem, *v)) for name, v in variants.items()}
    fastest, duel, first = fight(mine, other, Making("ours:engine", (cell,)), makings, context.rounds, comparison.name)
    mine.forget()
    other.forget()
    return Ratio(
        cell.name,
        peer.name,
        tuple(duel.ratios),
        target,
        ours=duel.ours.min(),
        peer=duel.peer.min(),
        note=f"fastest of {len(variants)}: {fastest}" if len(variants) > 1 else "",
        details={
            "ratio_of_bests": duel.peer.min() / duel.ours.min(),
            "ours_whole": duel.whole.min(),
            "first_call_ours": first["ours"],
            "first_call_peer": first[fastest],
            "disagreement": error,
        },
    )


def _check(mine: Side, other: Side, cell: Workload, peer: Peer, problem, variants) -> float:
    """Largest disagreement of any variant with our first losses; raises ValueError beyond the tolerance."""
    steps = CHECKED_LEARNED if optimizers.get(cell.optimizer).kind == "learned" else CHECKED
    reference = mine.call("ours:curves", cell, steps)
    return max(
        same_losses(
            reference, other.call(f"{peer.function}_curves", cell, problem, steps, *variant), f"{peer.name} {name}"
        )
        for name, variant in variants.items()
    )
