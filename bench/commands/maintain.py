"""`python -m bench maintain`: shipped data made again, each by the command that first made it.

What imports TensorFlow is imported in the verbs, after its settings have been fixed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from bench.commands import kinds, options
from bench.commands.group import HELP, Group
from bench.errors import UserError
from bench.lookup.syntax import names as listed
from bench.probes.catalog import PROBES
from bench.records.files import write_bytes


@click.group("maintain", cls=Group, context_settings=HELP)
def command() -> None:
    """Make shipped data again, or measure numbers that the documentation states."""


@command.command()
@click.argument("names", nargs=-1)
@click.option("--workers", type=kinds.COUNT, default=1, show_default=True, help="Trainings side by side.")
@click.option("--out", type=kinds.OUT_FOLDER, help="Folder; default: replace the shipped ones.")
def weights(names: tuple[str, ...], workers: int, out: Path | None) -> None:
    """Make the shipped weights NAMES again, all by default; a stopped training resumes from its checkpoint."""
    from bench.maintain.retrain import commands, retrain

    for line in retrain(commands(list(names), out), workers):
        click.echo(line)


@command.command()
@click.argument("files", nargs=-1, type=kinds.InFile())
def cards(files: tuple[Path, ...]) -> None:
    """Give the cards of weights FILES, of an older version, the digest that vouches for them; all shipped by default.

    Look before whether they are as they were: nothing else can tell.
    """
    from bench.maintain.cards import seal

    for line in seal(files):
        click.echo(line)


@command.command()
@click.argument("weights", type=kinds.InFile())
@click.argument("architecture")
def respell(weights: Path, architecture: str) -> None:
    """Race WEIGHTS as ARCHITECTURE, the one they were trained as with other settings, and say both on their card."""
    from bench.maintain.respell import respell

    click.echo(respell(weights, architecture))


@command.command()
@click.argument("names", nargs=-1)
def controls(names: tuple[str, ...]) -> None:
    """Distill the control networks NAMES again, all by default, over the shipped ones; prints their cards."""
    options.load()
    from bench.maintain.controls import make
    from bench.probes.controls.distilled.teachers import TEACHERS

    if unknown := [name for name in names if name not in TEACHERS]:
        raise UserError(f"no control networks {', '.join(unknown)}; there are: {', '.join(TEACHERS)}")
    for name in names or TEACHERS:
        click.echo(f"{name}: distilling, {TEACHERS[name].iterations} iterations", err=True)
        click.echo(f"{name} {json.dumps(make(name))}")


@command.command()
@click.option("--tasks", help="Selectors between commas; all by default.")
@click.option("--optimizers", help="Selectors between commas; all by default.")
def timings(tasks: str | None, optimizers: str | None) -> None:
    """Measure the table of costs that dry runs fall back on, and write it."""
    from bench.maintain.timings import measure

    measure(listed(tasks) or ["*"], listed(optimizers) or ["*"])


@command.command()
@click.argument("names", nargs=-1, required=True)
@click.option(
    "--problems",
    type=kinds.Count(2),
    default=32,
    show_default=True,
    help="Starts, half of them from validation problems.",
)
@click.option(
    "--iterations", type=kinds.COUNT, default=5000, show_default=True, help="L-BFGS iterations from each start."
)
def floors(names: tuple[str, ...], problems: int, iterations: int) -> None:
    """Print the lowest evaluation loss found for each task NAME."""
    options.load()
    from bench.maintain.floors import search

    for name in names:
        click.echo(search(name, problems=problems, iterations=iterations))


@command.command()
@click.option("--check", is_flag=True, help="Only say whether the pages are current; exit 1 when one is not.")
def library(check: bool) -> None:
    """Write docs/library.md, every registered task and optimizer with its source, and docs/glossary.md."""
    from bench.maintain import glossary
    from bench.maintain import library as listed

    for made in (listed, glossary):
        if not check:
            write_bytes(made.PAGE, made.page().encode())
        elif not made.PAGE.is_file() or made.PAGE.read_text(encoding="utf-8") != made.page():
            click.echo(f"{made.PAGE.name} is not current; run python -m bench maintain library", err=True)
            sys.exit(1)


@command.command()
@click.option("--check", is_flag=True, help="Only say whether page and drawing are current; exit 1 when not.")
def architecture(check: bool) -> None:
    """Write the folders and their imports into docs/architecture.md, and draw them beside it."""
    from bench.maintain import architecture

    if not check:
        architecture.write()
    elif not architecture.current():
        click.echo(f"{architecture.PAGE.name} is not current; run python -m bench maintain architecture", err=True)
        sys.exit(1)


@command.command()
@click.option("--count", type=kinds.COUNT, default=100, show_default=True, help="Nulls per probe.")
@click.option("--seed", type=kinds.NATURAL, help="Seed of the nulls; default: the reference's.")
@click.option("--probe", "names", multiple=True, type=click.Choice(list(PROBES)))
def nulls(count: int, seed: int | None, names: tuple[str, ...]) -> None:
    """Probe optimizers without a mechanism; exit 1 if a probe claims one."""
    options.load()
    from bench.probes.controls.nulls import SEED, claims

    total = 0
    for name in names or PROBES:
        found = claims(name, count, SEED if seed is None else seed)
        total += len(found)
        click.echo(f"{name}: {len(found)} claims in {count} nulls")
        for kind, number, reading in found:
            click.echo(f"  {kind} {number}: {reading.sentence}")
    sys.exit(1 if total else 0)


@command.command()
def memory() -> None:
    """Compare the stated memory of meta-gradients with the measured one; one process per case."""
    from bench.maintain.memory import lines

    for line in lines():
        click.echo(line)


@command.command()
@click.argument("pool", type=kinds.InFolder(), default="results/reference/quick")
@click.option("--out", type=kinds.OUT_FOLDER, default="results/reference/intervals", show_default=True)
@click.option("--draws", type=kinds.COUNT, default=150, show_default=True, help="Samples of each number of problems.")
def intervals(pool: Path, out: Path, draws: int) -> None:
    """Measure on the scores in POOL how often intervals cover and equals are called different; minutes."""
    from bench.maintain.coverage import write

    click.echo(write(pool, out, draws))


@command.command()
@click.argument("pool", type=kinds.InFolder(), default="results/reference/quick")
@click.option("--cells", type=kinds.COUNT, default=2040, show_default=True, help="Cells of the folder that is made.")
def boards(pool: Path, cells: int) -> None:
    """Measure the cost of a leaderboard over many cells, copied from those in POOL; a minute."""
    from bench.maintain.boards import lines

    for line in lines((cells,), pool, ("anytime", "final")):
        click.echo(line)


@command.command()
@click.option("--jobs", type=kinds.COUNT, default=100_000, show_default=True, help="Empty jobs, for the cost of one.")
@click.option("--trials", type=kinds.COUNT, default=2048, show_default=True, help="Of each cell of the speed-ups.")
@click.option("--rounds", type=kinds.COUNT, default=3, show_default=True, help="Of which the median counts.")
@click.option("--page", "only_page", is_flag=True, help="Only write the page, from what was measured last.")
def scale(jobs: int, trials: int, rounds: int, only_page: bool) -> None:
    """Measure what cells and jobs cost, on a cluster of this machine too, and write docs/scale.md; tens of minutes.

    Quickly, to see that it works: --jobs 500 --trials 16 --rounds 1.
    """
    from bench.maintain import scale_page
    from bench.records.files import write_bytes

    if not only_page:
        options.load()
        from bench.maintain.scale import measure

        measure(jobs, rounds, trials)
    write_bytes(scale_page.PAGE, scale_page.page(scale_page.measured()).encode())
    click.echo(scale_page.PAGE)


@command.command()
@click.argument("suite", default="quick")
@click.option("--workers", type=kinds.Listed(kinds.COUNT), default="1,2", show_default=True, help="Each in turn.")
def waits(suite: str, workers: tuple[int, ...]) -> None:
    """Run SUITE on a terminal, cold and warm; compare predicted and real times, and find the longest silence."""
    from bench.maintain.waits import measure
    from bench.suites import find

    find.get(suite)
    click.echo(measure(suite, workers))
