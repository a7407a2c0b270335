"""`python -m bench curves`: recorded losses of stored cells as one tidy table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bench.commands import options

FORMATS = ("csv", "parquet")


@click.command()
@options.selection
@click.option(
    "--by", type=click.Choice(["task", "family", "tag"]), help="Quartiles over the runs of each, instead of every run."
)
@options.output(*FORMATS)
def command(results: Any, by: str | None, form: str | None, out: Path | None) -> None:
    """Recorded losses, tidy: task, optimizer, seed, step, loss. With --by the quartiles of loss / initial loss."""
    from bench.reports.formats import put
    from bench.scores.grouped import quantile_curves
    from bench.scores.leaderboard import curves

    put(quantile_curves(results, by) if by else curves(results), form, out, FORMATS)
