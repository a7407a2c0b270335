"""`python -m bench plot`: a picture of stored cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bench.commands import kinds, options

KINDS = ("curves", "ecdf", "profile", "budget", "sensitivity", "box", "ranks")


@click.command()
@options.selection
@click.option("--kind", type=click.Choice(KINDS), default=KINDS[0], show_default=True)
@click.option("--metric", help="See `list metrics`. Default: mean_loss; anytime for ecdf, profile and ranks.")
@click.option(
    "--better", type=click.Choice(["higher", "lower"]), help="Which way is better, if the metric's name does not say."
)
@click.option("--out", type=kinds.PICTURE, required=True, help="File to write: .pdf, .svg or .png.")
def command(results: Any, kind: str, metric: str | None, better: str | None, out: Path) -> None:
    """A picture of the runs in DIRS; an optimizer looks the same in all of them.

    curves: loss against steps. ecdf: targets reached by step. profile: share of runs by score. budget: score against
    tuning trials. sensitivity: score against each setting. box: scores over problems. ranks: how sure they are.
    """
    from bench.reports.pictures.kinds import plot

    click.echo(f"wrote {plot(results, out, kind, metric, better)}")
