"""`python -m bench leaderboard`: who is ahead, from stored cells. Imports no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bench.commands import options

FORMATS = ("text", "md", "csv", "latex", "json", "parquet")


@click.command()
@options.selection
@click.option("--metric", default="anytime", show_default=True)
@click.option("--by", type=click.Choice(["task", "family", "tag"]), help="A board for each, ranked within.")
@options.output(*FORMATS)
def command(results: Any, metric: str, by: str | None, form: str | None, out: Path | None) -> None:
    """One row per optimizer over the runs in DIRS."""
    from bench.reports.formats import put
    from bench.scores.grouped import boards
    from bench.scores.leaderboard import leaderboard

    put(boards(results, metric, by) if by else leaderboard(results, metric), form, out, FORMATS)
