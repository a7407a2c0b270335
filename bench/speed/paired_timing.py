"""Rounds of ours against a peer, in turns, and the check that both compute the same losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from bench.speed.processes import Side

TURN = 0.2
"""Seconds of one turn at least; the best run of a turn counts."""
CHECKED = 10
"""Steps over which losses are compared."""
CHECKED_LEARNED = 5
"""The same for a learned optimizer, whose runs amplify rounding: after ten steps two compilers of one program are 3e-4
apart (docs/decisions/0053-second-executor.md)."""
TOLERANCE = 1e-4


class Duel(NamedTuple):
    """Seconds per unit of work by round (rounds,): ours as the engine clocks it, ours whole, and the peer's."""

    ours: np.ndarray
    whole: np.ndarray
    peer: np.ndarray

    @property
    def ratios(self) -> np.ndarray:
        """How many times as fast as the peer we are, by round."""
        return self.peer / self.ours


class Making(NamedTuple):
    """How to make a contender in its process: "module:function" in bench.speed, and plain arguments."""

    function: str
    arguments: tuple = ()


def fight(
    ours: Side, peer: Side, mine: Making, variants: Mapping[str, Making], rounds: int, name: str
) -> tuple[str, Duel, dict[str, float]]:
    """Duel with the fastest of the peer's `variants` -> its name, the duel, seconds of each first call."""
    first = {"ours": ours.prepare(name, mine.function, *mine.arguments)}
    for variant, making in variants.items():
        first[variant] = peer.prepare(f"{name} {variant}", making.function, *making.arguments)
    turns: dict[str, list] = {variant: [] for variant in variants}
    for _ in range(rounds):
        for variant, taken in turns.items():
            own = ours.time(name, TURN)
            taken.append((own.run, own.wall, peer.time(f"{name} {variant}", TURN).run))
    duels = {v: Duel(*np.array(taken).T) for v, taken in turns.items()}
    fastest = min(duels, key=lambda variant: duels[variant].peer.min())
    return fastest, duels[fastest], first


def disagreement(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest difference of two sets of curves (…, steps + 1), relative to the loss plus 1 % of the run's first.

    The share of the first loss is there for losses near their floor, which float32 leaves no digits. NaN where one is
    finite and the other not counts as infinite.
    """
    first = np.abs(ours[..., :1])
    with np.errstate(all="ignore"):
        error = np.abs(ours - theirs) / (np.abs(ours) + 0.01 * first)
    both = ~np.isfinite(ours) & ~np.isfinite(theirs)
    return float(np.where(both, 0.0, np.nan_to_num(error, nan=np.inf)).max())


def same_losses(ours: np.ndarray, theirs: Any, name: str) -> float:
    """`disagreement` on the runs that both made, the first ones; raises ValueError beyond the tolerance."""
    theirs = np.asarray(theirs)
    error = disagreement(ours[: len(theirs), : theirs.shape[1]], theirs)
    if not error <= TOLERANCE:
        raise ValueError(f"{name} computes other losses than ours: they differ by {error:.1g}")
    return error
