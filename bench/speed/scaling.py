"""How the cost of a race grows with configurations, seeds and steps: the slope of log seconds on log size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.speed.cells import ROSENBROCK, Workload
from bench.speed.context import Context
from bench.speed.paired_timing import TURN
from bench.speed.rows import Ratio, at_most

FACTORS = (1, 4, 16, 64)
BASE = ROSENBROCK._replace(steps=50)
"""One full tile at factor 1: below a tile the cost is constant, which would flatter the slope."""
AXES = ("configurations", "seeds", "steps")


def grown(axis: str, factor: int) -> Workload:
    """The base cell with one axis `factor` times as long."""
    return BASE._replace(**{axis: getattr(BASE, axis) * factor})


def exponent(factors: Sequence[float], seconds: Sequence[float]) -> float:
    """Least-squares slope of log seconds on log factors."""
    return float(np.polyfit(np.log(factors), np.log(seconds), 1)[0])


def row(context: Context, axis: str) -> Ratio:
    """Slope by round; all four sizes are timed in every round, by their mean."""
    ours = context.sides["ours"]
    for factor in FACTORS:
        ours.prepare(f"{axis} {factor}", "ours:engine", grown(axis, factor))
    slopes = []
    for _ in range(context.rounds):
        timings = [ours.time(f"{axis} {factor}", TURN).mean for factor in FACTORS]
        seconds = [t * grown(axis, f).work for t, f in zip(timings, FACTORS, strict=True)]
        slopes.append(exponent(FACTORS, seconds))
    ours.forget()
    return Ratio(
        f"cost in {axis}",
        f"× {FACTORS[-1]}",
        tuple(slopes),
        at_most(1.05),
        unit="exponent",
        note=f"{BASE.name} × {BASE.steps} and up",
    )
