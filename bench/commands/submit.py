"""`python -m bench submit`: a folder's rows held to the rule of a reference, and shown beside its own."""

from __future__ import annotations

from pathlib import Path

import click

from bench.commands import kinds, options
from bench.running.executor import Means

_QUICK = Path("results/reference/quick")


@click.command()
@click.argument("folder", metavar="DIR", type=kinds.InFolder())
@click.option(
    "--reference", type=kinds.InFolder(), default=_QUICK, show_default=True, help="Reference run, with its cells."
)
@options.sample
@options.raced_weights
@options.mix
@options.workers
@options.import_files
@click.pass_context
def command(
    context: click.Context,
    folder: Path,
    reference: Path,
    sample: int,
    everything: bool,
    weights: tuple[Path, ...],
    mix: bool,
    workers: int,
    files: tuple[str, ...],
) -> None:
    """Check that the rows of DIR can be added to those of the reference, whose cells are not run again.

    Prints a line per check and, if all pass, the tables with both. Exit code 0: all pass; 1: one fails, with its
    remedy; 2: a mistake in the command.
    """
    from bench.running import worker

    worker.begin(files)  # before TensorFlow is imported, as in a run
    from bench.reports import origin, submission
    from bench.running.submission import examine

    made = origin.of(reference)
    found = examine(
        folder,
        reference,
        suite=made.suite or "quick",
        sample=None if everything else sample,
        mix=mix,
        means=Means(workers, files),
        weights=weights,
    )
    click.echo(submission.checks(found))
    if not found.passes:
        context.exit(1)
    click.echo(f"\nRows of {folder}: {', '.join(found.rows)}\n\n{submission.tables(found, made.metrics)}")
