"""`python -m bench run`: a suite, from nothing or from what its folder holds to its leaderboard and probes."""

from __future__ import annotations

from pathlib import Path

import click

from bench.commands import kinds, options
from bench.engine import process
from bench.errors import check_count
from bench.lookup.resolve import named_task
from bench.lookup.syntax import names
from bench.suites import find

_RUNS = Path("results/runs")


@click.command()
@click.argument("suite")
@click.option("--out", type=kinds.OUT_FOLDER, help="Folder; default results/runs/SUITE. Resumed if it exists.")
@click.option("--tasks", help="Names, patterns, tag:T or cost:C between commas, instead of the suite's.")
@click.option("--optimizers", help="Names, patterns or kind:K between commas, instead of the suite's.")
@click.option("--steps", type=kinds.COUNT, help="Gradient evaluations a run.")
@click.option("--seeds", type=kinds.COUNT, help="Report problems.")
@click.option("--trials", type=kinds.COUNT, help="Configurations tried per optimizer.")
@click.option(
    "--finalists", type=kinds.NATURAL, help="Best trials by each metric, run again on fresh problems; 0: none."
)
@click.option("--cell-timeout", type=kinds.POSITIVE, help="End a cell after this many seconds of the clock.")
@click.option("--cell-memory", type=kinds.POSITIVE, help="End a cell whose process uses this many MiB.")
@options.workers_or_dask()
@options.dry_run
@options.import_files
def command(
    suite: str,
    out: Path | None,
    tasks: str | None,
    optimizers: str | None,
    steps: int | None,
    seeds: int | None,
    trials: int | None,
    finalists: int | None,
    cell_timeout: float | None,
    cell_memory: float | None,
    workers: int,
    dask: str | None,
    dry_run: bool,
    files: tuple[str, ...],
) -> None:
    """Run SUITE, a name or a .toml file, or resume it; print the leaderboard and the probes' results."""
    if not dry_run:
        process.prepare()
    # settings are checked against Keras; otherwise only what does jobs needs TensorFlow
    options.load(files, tensorflow="[" in (optimizers or ""))
    counts = {"steps": steps, "seeds": seeds, "trials": trials, "finalists": finalists}
    chosen = find.override(
        find.get(suite),
        tasks=names(tasks),
        optimizers=names(optimizers),
        cell_timeout=cell_timeout,
        cell_memory=cell_memory,
        **counts,
    )
    check_count("workers", workers)
    out = out or _RUNS / chosen.name
    if dry_run:
        from bench.reports.dry_run import describe

        click.echo(describe(chosen, out, options.lanes(workers, dask), [*_RUNS.glob("*/")]))
        return
    from bench.reports import origin, summary
    from bench.running.run import run

    run(chosen, out, workers=workers, import_files=files, dask=dask)
    metrics = {task: chosen.metric_for(task) for task in chosen.tasks}
    budgets = {named_task(task).name: chosen.budget_for(task) for task in chosen.tasks}
    limits = {"cell-timeout": cell_timeout, "cell-memory": cell_memory}
    given = {"out": out, "tasks": tasks, "optimizers": optimizers, **counts, **limits}
    origin.keep(out, chosen.name, metrics, origin.run_command(suite, given, files))
    click.echo(summary.write(out, metrics, budgets))
    _write_page(out)


def _write_page(out: Path) -> None:
    """The report page, said last; a run is not lost with it."""
    from bench.records.files import note
    from bench.reports.html.page import write

    try:
        click.echo(f"\nThe same as one page, with curves and every cell: {write(out, out / 'report.html', mix=True)}")
    except Exception as error:  # whatever it is, the run is done and its tables are written
        reason = " ".join(str(error).split()) or type(error).__name__
        note(f"no report.html ({reason}); try again: python -m bench report {out} --out report.html")
