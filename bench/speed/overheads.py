"""What our own choices cost: a second worker beside the first, and the recording beside the last loss alone."""

from __future__ import annotations

import os
import time

import numpy as np

from bench.engine import process, program_cache
from bench.speed import ours
from bench.speed.cells import CONVOLUTION, Workload
from bench.speed.context import Context
from bench.speed.paired_timing import TURN
from bench.speed.processes import Contender, sides
from bench.speed.rows import Ratio, at_least, at_most

WINDOW = 4.0
"""Seconds that one or two workers run."""


def two_workers(context: Context, cell: Workload = CONVOLUTION) -> Ratio:
    """Throughput of two spawned processes over that of one, by round; the system places them on its cores."""
    with sides("first", "second", pinned=False) as pair:
        first, second = pair.values()
        for side in (first, second):
            side.prepare(cell.name, "ours:engine", cell)
        ratios = []
        for _ in range(context.rounds):
            start = time.time() + 0.1
            alone = first.call("overheads:rate", cell, start, WINDOW)
            start = time.time() + 0.1
            for side in (first, second):
                side.submit("overheads:rate", cell, start, WINDOW)
            ratios.append((first.wait() + second.wait()) / alone)
    return Ratio("two workers", "one", tuple(ratios), at_least(1.9), note=cell.name)


def rate(cell: Workload, start: float, window: float) -> float:
    """Races of a warm cell per second, from `start` (time.time()) for `window` seconds.

    The race that is under way at the end is run, to keep the other worker company, but not counted.
    """
    contender, finishes = ours.engine(cell), [0.0]
    time.sleep(max(0.0, start - time.time()))
    began = time.perf_counter()
    while finishes[-1] < window:
        contender.run()
        finishes.append(time.perf_counter() - began)
    counted = max(1, len(finishes) - 2)
    return counted / finishes[counted]


def recording(context: Context, cell: Workload) -> Ratio:
    """Seconds with the engine's recording over those of the same program that keeps the last loss only."""
    mine, bare = context.sides["ours"], context.sides["bare"]
    mine.prepare(cell.name, "ours:engine", cell)
    bare.prepare(cell.name, "overheads:last_loss_only", cell)
    turns = np.array([[side.time(cell.name, TURN).run for side in (mine, bare)] for _ in range(context.rounds)])
    mine.forget()
    return Ratio(
        f"recording, {cell.name}",
        "last loss only",
        tuple(turns[:, 0] / turns[:, 1]),
        at_most(1.1),
        unit="× cost",
        ours=turns[:, 0].min(),
        peer=turns[:, 1].min(),
    )


def last_loss_only(cell: Workload) -> Contender:
    """The engine's race in a process of its own that keeps nothing but the first and the last losses.

    The recording is altered there and nowhere else: it is the only way to have all else equal.
    """
    os.environ[program_cache.VARIABLE] = ""  # what is altered has the name of what is not
    process.load_tensorflow()
    from bench.engine import race as races
    from bench.engine import summaries as kept

    vars(races).update(log_steps=lambda steps, points: np.array([0, steps]))
    vars(kept).update(note=lambda summary, *_: summary, settle=lambda summary, *_: summary)
    return ours.engine(cell)
