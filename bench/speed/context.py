"""What every measurement is given: the processes, the number of rounds, and the machine's peaks, measured once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import NamedTuple

from bench.speed.processes import Side
from bench.speed.rows import Ratio


class Context:
    """`sides` by name; `rounds` of every row."""

    def __init__(self, sides: Mapping[str, Side], rounds: int):
        self.sides = sides
        self.rounds = rounds

    @functools.cached_property
    def peaks(self) -> dict[str, float]:
        """bench.speed.peaks, in the process of JAX, which is asked for nothing else meanwhile."""
        return self.sides["jax"].call("peaks:measure")


class Measurement(NamedTuple):
    """One row to be: its name as `--only` sees it, and how to measure it. `measure` may raise anything."""

    work: str
    against: str
    measure: Callable[[Context], Ratio]

    @property
    def name(self) -> str:
        return f"{self.work} / {self.against}"
