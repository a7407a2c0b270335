"""`python -m bench merge`: the cells and readings of several run folders in one. Imports no TensorFlow."""

from __future__ import annotations

from pathlib import Path

import click

from bench.commands import kinds, options
from bench.terminal import counted


@click.command()
@options.dirs
@options.mix
@click.option("--out", type=kinds.OUT_FOLDER, required=True, help="Folder; files that it already has are kept.")
def command(dirs: tuple[Path, ...], mix: bool, out: Path) -> None:
    """Put the runs in DIRS, for example halves of a suite, into one folder. All is checked before it writes."""
    from bench.reports.merge import merge

    cells, readings = merge(dirs, out, mix)
    held = f"{counted(cells, 'cell')} and {counted(readings, 'reading')}"
    click.echo(f"{out} holds {held}; its table: python -m bench leaderboard {out}")
