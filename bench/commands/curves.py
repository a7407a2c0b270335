"""`python -m bench curves`: recorded losses of stored cells as one tidy table."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bench.commands import options


@click.command()
@options.dirs
@options.formats("csv", "parquet")
def command(dirs: tuple[Path, ...], form: str) -> None:
    """Recorded losses, tidy: task, optimizer, seed, step, loss."""
    from bench.scores.leaderboard import curves

    frame = curves(list(dirs))
    if form == "csv":
        click.echo(frame.to_csv(index=False), nl=False)
    else:
        frame.to_parquet(sys.stdout.buffer, index=False)
