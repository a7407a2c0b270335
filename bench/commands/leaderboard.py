"""`python -m bench leaderboard`: who is ahead, from stored cells. Imports no TensorFlow."""

from __future__ import annotations

from pathlib import Path

import click

from bench.commands import options


@click.command()
@options.dirs
@click.option("--metric", default="anytime", show_default=True)
@options.formats("text", "md", "csv", "latex", "json")
def command(dirs: tuple[Path, ...], metric: str, form: str) -> None:
    """One row per optimizer over the runs in DIRS."""
    from bench.reports.tables import render
    from bench.scores.leaderboard import leaderboard

    click.echo(render(leaderboard(list(dirs), metric), form))
