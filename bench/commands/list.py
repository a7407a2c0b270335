"""`python -m bench list`: what there is, one line each. Imports no TensorFlow."""

from __future__ import annotations

import click

from bench.commands import options
from bench.reports.listing import KINDS, listing


@click.command("list")
@click.argument("what", required=False, type=click.Choice(KINDS))
@options.import_files
def command(what: str | None, files: tuple[str, ...]) -> None:
    """List tasks, optimizers, suites and more, one line each."""
    options.load(files, tensorflow=False)
    click.echo(listing(what))
