"""`python -m bench show`: everything about one task or optimizer."""

from __future__ import annotations

import click

from bench.commands import options


@click.command("show")
@click.argument("name")
@options.import_files
def command(name: str, files: tuple[str, ...]) -> None:
    """Everything about NAME, a task, an optimizer or a weights file: source, settings, size, weights, scores."""
    options.load(files)
    from bench.reports.about import describe

    click.echo(describe(name))
