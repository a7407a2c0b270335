"""`python -m bench generalise`: what learned optimizers do off their training task, as a table and a heat map."""

from __future__ import annotations

import os
from pathlib import Path

import click

from bench.commas import names

OUT = Path("results/runs/generalisation")


@click.command()
@click.argument("entries", nargs=-1, metavar="[ENTRY]...")
@click.option("--tasks", help="Race on these, and change each; names or patterns between commas.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=OUT, show_default=True,
    help="Folder; resumed if it exists.",
)  # fmt: skip
@click.option(
    "--steps", type=int, default=200, show_default=True, help="Gradient evaluations at horizon ×1."
)
@click.option("--seeds", type=int, help="Problems; default 128, fewer on costly tasks.")
@click.option("--trials", type=int, help="Configurations tried per baseline; default 64.")
@click.option(
    "--workers", type=int, default=os.cpu_count() or 1, show_default="cores", help="Processes."
)
@click.option("--dry-run", is_flag=True, help="Print the cells and the expected time.")
@click.option("--format", "form", type=click.Choice(["text", "md", "csv", "json"]), default="text")
@click.option(
    "--import", "files", multiple=True, metavar="FILE", help="Python file with tasks or optimizers."
)  # fmt: skip
def generalise(entries, tasks, out, steps, seeds, trials, workers, dry_run, form, files) -> None:
    """Race each ENTRY (every learned one) on other tasks than it was trained on, and on its own ones changed.

    Changed are the horizon, dimension, spectrum, scales of loss and parameters, and gradient noise. Cells in OUT are
    kept. Ends with the table; heat maps and the table at full precision are in OUT.
    """
    from bench import imports, runtime
    from bench.suites import check_count

    check_count("workers", workers)
    if dry_run:
        runtime.prepare()
    else:
        runtime.load_tensorflow()
    imports.load_plugins()
    imports.load_files(files)
    from bench.generalisation.matrix import plan

    matrix = plan(entries, names(tasks), steps=steps, seeds=seeds, trials=trials)
    if dry_run:
        from bench.generalisation.forecast import describe

        click.echo(describe(matrix, out, workers))
        return
    from bench.generalisation.report import finish

    click.echo(finish(matrix, out, form, workers=workers, import_files=files))
