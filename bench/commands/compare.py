"""`python -m bench compare`: two optimizers against each other, with an exit code for CI. Imports no TensorFlow."""

from __future__ import annotations

from pathlib import Path

import click

from bench.commands import kinds, options
from bench.errors import UserError

FORMATS = ("text", "md", "csv", "latex", "json", "parquet")


@click.command()
@click.argument("given", nargs=-1, required=True, metavar="A B DIR...")
@click.option("--metric", default="mean_log", show_default=True, help="See `list metrics`, or a task's own: accuracy.")
@click.option(
    "--better", type=click.Choice(["higher", "lower"]), help="Which way is better, if the metric's name does not say."
)
@click.option(
    "--expect", type=click.Choice(["no-worse", "better"]), help="Exit with 1 if A is worse, or if it is not better."
)
@click.option(
    "--margin", type=kinds.NOT_NEGATIVE, help="With --expect: in the whole interval A must be worse by less than this."
)
@click.option("--tasks", help="Only these: names, patterns, tag:T or cost:C between commas.")
@click.option("--family", help="Only tasks of these families, between commas.")
@click.option("--budget", help="If there are several budgets, the one to read, such as steps=200,trials=64,seeds=128.")
@options.mix
@options.import_files
@options.output(*FORMATS)
@click.pass_context
def command(
    context: click.Context,
    given: tuple[str, ...],
    metric: str,
    better: str | None,
    expect: str | None,
    margin: float | None,
    tasks: str | None,
    family: str | None,
    budget: str | None,
    mix: bool,
    files: tuple[str, ...],
    form: str | None,
    out: Path | None,
) -> None:
    """Optimizer A against B over the runs in DIR: effect, interval, p, wins. `compare DIR A B` is the same.

    Exit code 0: the expectation holds, or none was given; 1: it does not hold; 2: a mistake in the command.
    """
    if margin is not None and expect is None:
        raise UserError(f"--margin {margin} says nothing without --expect no-worse or better; add it")
    a, b, dirs = names_and_folders(given)
    options.load(files, tensorflow=False)
    from bench.reports.formats import put
    from bench.scores import compare

    results = options.narrowed(dirs, tasks=tasks, family=family, budget=budget, mix=mix)
    found = compare.compare(results, a, b, metric, better)
    held = compare.holds(found, expect, margin) if expect else True
    in_files_only = compare.FILES_ONLY if (form or FORMATS[0]) == "text" and out is None else ["worst"]
    put(found.drop(columns=in_files_only), form, out, FORMATS)
    if expect:
        within = f", margin {margin:g}" if margin is not None else ""
        click.echo(f"{a} {expect} than {b}{within}: {'holds' if held else 'does not hold'}", err=True)
    context.exit(0 if held else 1)


def names_and_folders(given: tuple[str, ...]) -> tuple[str, str, list[Path]]:
    """A, B and the folders, which stand before the names or behind them. Raises UserError."""
    if len(given) >= 3:
        for a, b, *dirs in (given, (*given[-2:], *given[:-2])):
            if all(Path(folder).is_dir() for folder in dirs):
                return a, b, [Path(folder) for folder in dirs]
    raise UserError(f"cannot read {' '.join(given)!r}: give two optimizers and the folder of a run, as A B DIR")
