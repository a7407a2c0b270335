"""All rows of the table, in its order."""

from __future__ import annotations

from functools import partial

from bench.speed import bounds, cells, comparisons, keras_tasks, metagradients, overheads, scaling, startup
from bench.speed.context import Measurement

SIDES = ("ours", "bare", "jax", "keras", "torch")
"""Processes: two with the engine (the second records nothing), and one per library."""


def measurements() -> list[Measurement]:
    """What is measured, with the names that `--only` looks at."""
    return [*_duels(), *_keras_models(), *_meta_gradients(), *_bounds(), *_own_costs(), *_starts()]


def _duels() -> list[Measurement]:
    return [
        Measurement(c.cell.name, c.peer.name, partial(comparisons.measure, comparison=c))
        for c in comparisons.COMPARISONS
    ]


def _keras_models() -> list[Measurement]:
    return [
        Measurement(model.work, against, partial(keras_tasks.measure, model=model, against=against))
        for model in keras_tasks.MODELS
        for against in keras_tasks.PEERS
    ]


def _meta_gradients() -> list[Measurement]:
    return [
        Measurement(c.cell.name, c.style.name, partial(metagradients.measure_meta, comparison=c))
        for c in metagradients.META_COMPARISONS
    ]


def _bounds() -> list[Measurement]:
    return [Measurement(cell.name, "bound of this core", partial(bounds.row, cell=cell)) for cell in cells.FOUR]


def _own_costs() -> list[Measurement]:
    return [
        Measurement("two workers", "one", overheads.two_workers),
        *(
            Measurement(f"recording, {cell.name}", "last loss only", partial(overheads.recording, cell=cell))
            for cell in (cells.ROSENBROCK, cells.MOONS)
        ),
        *(
            Measurement(f"cost in {axis}", f"× {scaling.FACTORS[-1]}", partial(scaling.row, axis=axis))
            for axis in scaling.AXES
        ),
    ]


def _starts() -> list[Measurement]:
    commands = {"list": (), "leaderboard": (startup.STORED,)}
    return [
        *(
            Measurement(f"start of {cell.name}", "warm cache", partial(startup.cell_start, cell=cell))
            for cell in cells.FOUR
        ),
        *(
            Measurement(f"bench {name}", "a second", partial(_command, line=(name, *arguments)))
            for name, arguments in commands.items()
        ),
    ]


def _command(context, line):
    return startup.command(context, *line)
