"""One line of the table: a ratio with its target, and whether it holds. Data and arithmetic only."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limit:
    """What a measured number must be: "at least" or "at most" `value`."""

    sense: str
    value: float

    def holds(self, measured: float) -> bool:
        """NaN never holds."""
        return bool(measured >= self.value if self.sense == "at least" else measured <= self.value)

    def __str__(self) -> str:
        return f"{'≥' if self.sense == 'at least' else '≤'} {self.value:g}"


@dataclass(frozen=True)
class Ratio:
    """`number` is a ratio unless `unit` says otherwise; the median over rounds, with the extremes of the rounds.

    `ours` and `peer` are the best seconds per unit of work, None where a row has none. `missing`: why nothing was
    measured; such a row neither holds nor fails when `excused` (the peer is not installed), and fails otherwise.
    """

    work: str
    against: str
    rounds: Sequence[float] = ()
    target: Limit | None = None
    unit: str = "×"
    ours: float | None = None
    peer: float | None = None
    note: str = ""
    missing: str = ""
    excused: bool = False
    details: dict[str, float] = field(default_factory=dict)
    """Further numbers for the CSV file: first calls, best against best, disagreement …"""

    @property
    def name(self) -> str:
        return f"{self.work} / {self.against}"

    @property
    def number(self) -> float:
        return float(statistics.median(self.rounds)) if self.rounds else float("nan")

    @property
    def held(self) -> bool | None:
        """None: nothing was promised, or an excuse stands."""
        if self.missing:
            return None if self.excused else False
        return None if self.target is None else self.target.holds(self.number)


def at_least(value: float) -> Limit:
    return Limit("at least", value)


def at_most(value: float) -> Limit:
    return Limit("at most", value)
