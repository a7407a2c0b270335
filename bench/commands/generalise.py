"""`python -m bench generalise`: what learned optimizers do off their training task, as a table and a heat map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bench.commands import kinds, options
from bench.errors import check_count
from bench.lookup.syntax import names
from bench.studies.generalisation.plan import jobs, plan

OUT = Path("results/runs/generalisation")


@click.command()
@click.argument("entries", nargs=-1, metavar="[ENTRY]...")
@click.option("--tasks", help="Race on these and on modified forms of each; names or patterns between commas.")
@click.option("--out", type=kinds.OUT_FOLDER, default=OUT, show_default=True, help="Folder; resumed if it exists.")
@click.option("--steps", type=kinds.COUNT, default=200, show_default=True, help="Gradient evaluations at horizon ×1.")
@click.option("--seeds", type=kinds.COUNT, help="Problems; default: the task's usual number.")
@click.option("--trials", type=kinds.COUNT, help="Tuning trials per baseline; default: the task's usual number.")
@options.runs
@options.workers_or_dask()
@options.dry_run
@options.formats("text", "md", "csv", "json")
@options.import_files
def command(
    entries: Any,
    tasks: str | None,
    out: Path,
    steps: int,
    seeds: int | None,
    trials: int | None,
    runs: Path,
    workers: int,
    dask: str | None,
    dry_run: bool,
    form: str,
    files: tuple[str, ...],
) -> None:
    """Race each ENTRY (every learned one) on unseen tasks, and on modified training tasks.

    Modified are the horizon, dimension, spectrum, scales of loss and parameters, and gradient noise. Cells in OUT are
    kept. Ends with the table; heat maps and the table at full precision are in OUT.
    """
    check_count("workers", workers)
    options.load(files, tensorflow=not dry_run)

    matrix = plan(entries, names(tasks), steps=steps, seeds=seeds, trials=trials)
    if dry_run:
        from bench.studies.generalisation.report import describe

        click.echo(describe(matrix, out, options.lanes(workers, dask)))
        return
    from bench.records.files import note
    from bench.running.executor import Means
    from bench.studies.generalisation import measure, report

    note(report.how_long(matrix, out, options.lanes(workers, dask)))
    records = measure.run(jobs(matrix), out, Means(workers, files, dask=dask), folders=[runs])
    click.echo(report.finish(matrix, records, out, form))
