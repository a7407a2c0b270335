"""`python -m bench report`: one offline page of stored cells. Imports no TensorFlow."""

from __future__ import annotations

from pathlib import Path

import click

from bench.commands import kinds, options


@click.command()
@options.dirs
@options.mix
@click.option("--out", type=kinds.OutFile(), required=True, help="The HTML file to write, such as report.html.")
def command(dirs: tuple[Path, ...], mix: bool, out: Path) -> None:
    """One HTML file about the runs in DIRS: tables, curves, every cell, the probes. Needs no network to read."""
    from bench.reports.html.page import write

    click.echo(write(list(dirs), out, mix))
