"""`python -m bench ablate`: causal tests of one optimizer on one task."""

from __future__ import annotations

from pathlib import Path

import click

from bench.commands import kinds, options
from bench.lookup import resolve
from bench.records.store import tuned
from bench.reports import waits
from bench.studies.ablation.plan import METRICS, check_entry
from bench.suites.waits import of_study


@click.command()
@click.argument("optimizer")
@click.option("--task", required=True)
@click.option("--seeds", type=kinds.COUNT, default=512, show_default=True, help="Report problems.")
@options.steps
@click.option("--metric", type=click.Choice(METRICS), help="Default: the task's metric in suite core, else mean_loss.")
@click.option("--out", type=kinds.OUT_FOLDER, help="Folder for the result; a run's: use the settings tuned there.")
@options.dry_run
@options.formats("text", "md", "json", "csv")
@options.import_files
def command(
    optimizer: str,
    task: str,
    seeds: int,
    steps: int,
    metric: str | None,
    out: Path | None,
    dry_run: bool,
    form: str,
    files: tuple[str, ...],
) -> None:
    """Race OPTIMIZER against itself without momentum, clipping, schedule, adaptation, …, to see if it needs them."""
    options.load(files, tensorflow=not dry_run)
    subject, entry = resolve.named_task(task), resolve.entry(optimizer)
    check_entry(entry)
    what = f"ablating {entry.name} on {subject.name}"
    if dry_run:
        click.echo(waits.words(what, of_study("ablate", subject, steps)))
        return
    from bench.studies.ablation import report
    from bench.studies.ablation.study import causal_tests, judged_by, keep

    metric = judged_by(metric, subject.name)
    if out and (theta := tuned(out, subject.name, entry.name, metric)):
        entry = resolve.at(entry, theta)
    waits.say_settings(entry, entry.defaults)
    with waits.announced("ablate", what, subject, steps):
        found = causal_tests(entry, subject, seeds=seeds, steps=steps, metric=metric)
    if out is not None:
        keep(found, out)
    click.echo(report.render(found, form))
