"""How far a cell is from what the core could do: a stated count of its work, divided by the measured peaks.

The bound of one optimizer step of one run is the larger of two times, since arithmetic and memory can overlap: all
floating-point work (products at the peak of matrix products, then each root, division and so on at its own peak, which
share the ports), and the traffic of parameters and both moments, read and written once, at the copy speed of the memory
that holds the whole tile. Activations are taken to be free. So no program can be at 1.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple

from bench.speed import problems
from bench.speed.cells import Workload
from bench.speed.context import Context
from bench.speed.paired_timing import TURN
from bench.speed.peaks import MEBIBYTE, SIZES
from bench.speed.rows import Ratio


class Count(NamedTuple):
    """Of one optimizer step of one run. `flops`: multiplications and additions; the rest: calls of that function."""

    parameters: int
    flops: int
    tanh: int = 0
    exp: int = 0
    log: int = 0

    @property
    def moved(self) -> int:
        """Bytes: parameters and two moments read and written, and the loss written."""
        return 24 * self.parameters + 4

    @property
    def held(self) -> int:
        """Bytes that stay between steps."""
        return 12 * self.parameters


ADAM_FLOPS = 12
"""Per parameter: two moments 3 + 4, the update 3 and the sum, with the bias corrections once per configuration."""


def counts() -> dict[str, Count]:
    """By family: forward product, product for the weights' gradient, product for the inputs' where one is needed."""
    return {
        "rosenbrock": _count(2, 12),
        "regression": _count(problems.FEATURES, 4 * problems.FEATURES * problems.POINTS + 4 * problems.POINTS),
        "moons": _moons(),
        "convolution": _convolution(),
    }


def _count(parameters: int, flops: int, **calls: int) -> Count:
    return Count(parameters, flops + ADAM_FLOPS * parameters, **calls)


def _moons() -> Count:
    widths, n = (2, *problems.HIDDEN, 1), problems.MOONS
    layers = [a * b for a, b in itertools.pairwise(widths)]
    products = 2 * n * (3 * sum(layers) - layers[0])
    units = sum(problems.HIDDEN)
    # the logistic loss takes e^z and a logarithm forward, and its gradient another e^z
    return _count(sum(layers) + units + 1, products + 4 * n * units, tanh=n * units, exp=2 * n, log=n)


def _convolution() -> Count:
    positions = (problems.SIDE // 2) ** 2
    kernel, n = 9 * problems.CHANNELS, problems.IMAGES
    dense = positions * problems.CHANNELS * problems.CLASSES
    products = 2 * n * (2 * positions * kernel + 3 * dense)
    parameters = kernel + problems.CHANNELS + dense + problems.CLASSES
    return _count(parameters, products, exp=n * problems.CLASSES, log=n)


def seconds(count: Count, peaks: Mapping[str, float], runs: int) -> float:
    """Least seconds of one optimizer step of one run in a tile of `runs` runs."""
    compute = count.flops / peaks["flops"]
    compute += count.parameters * (1 / peaks["sqrt"] + 1 / peaks["div"])
    compute += sum(getattr(count, name) / peaks[name] for name in ("tanh", "exp", "log"))
    return max(compute, count.moved / peaks[f"bytes {level(count.held * runs)}"])


def level(held: float) -> int:
    """The smallest measured copy, in MiB, that touches at least `held` bytes; the largest if none does."""
    return next((size for size in SIZES if size * MEBIBYTE >= held), SIZES[-1])


def row(context: Context, cell: Workload) -> Ratio:
    """Our seconds over the bound, by round; nothing is promised."""
    ours, peaks = context.sides["ours"], context.peaks
    configurations, seeds = cell.task.tile
    bound = seconds(counts()[cell.family], peaks, configurations * seeds)
    ours.prepare(cell.name, "ours:engine", cell)
    turns = [ours.time(cell.name, TURN).run for _ in range(context.rounds)]
    ours.forget()
    return Ratio(
        cell.name,
        "bound of this core",
        tuple(turn / bound for turn in turns),
        unit="× bound",
        ours=min(turns),
        peer=bound,
    )
