"""`python -m bench targets [TASK …] [--quick] [--out FOLDER]`: measure the targets; goes on where it was stopped."""

from __future__ import annotations

from pathlib import Path

import click
from tqdm import tqdm

from bench.commands import kinds, options
from bench.errors import UserError
from bench.studies.targets.plan import QUICK, QUICK_TARGETS, TARGETS, TASKS
from bench.suites.protocol import budget_for
from optimizers.shipped import FOLDER


@click.command()
@click.argument("tasks", nargs=-1)
@click.option("--out", type=kinds.OUT_FOLDER, default=Path("results/reference/targets"), show_default=True)
@click.option("--quick", is_flag=True, help="Also train each for one minute, and compare these weights too.")
@click.option("--weights", type=kinds.InFolder(), help="Folder; default the shipped ones.")
@options.runs
def command(tasks: str | None, out: Path, quick: bool, weights: Path | None, runs: Path) -> None:
    """Compare the shipped specialists of TASKS with their targets; default: all tasks."""
    options.load()

    from bench.studies.targets import report
    from bench.studies.targets.measure import measure, train, weights_of

    folders = [runs]
    chosen = tasks or TASKS
    if unknown := [task for task in chosen if task not in TASKS]:
        raise UserError(f"no target for {', '.join(unknown)}; there are: {', '.join(TASKS)}")
    with tqdm(chosen, desc="targets", unit="task") as bar:
        for task in bar:
            entries = weights_of(task, weights or FOLDER)
            if entries:
                targets = [target for target in TARGETS if target.task == task]
                rows = measure(task, targets, entries, budget_for(task), out, bar.set_postfix_str, folders)
                report.keep(out, task, rows, quick=False)
            if quick and task in QUICK:
                targets = [target for target in QUICK_TARGETS if target.task == task]
                rows = measure(task, targets, [train(task, out)], budget_for(task), out, folders=folders)
                report.keep(out, task, rows, quick=True)
    click.echo(report.write(out))
