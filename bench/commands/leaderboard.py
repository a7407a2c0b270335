"""`python -m bench leaderboard`: who is ahead, from stored cells. Imports no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bench.commands import options
from bench.errors import UserError

BY = ("task", "family", "tag", "home")
FORMATS = ("text", "md", "csv", "latex", "json", "parquet")


@click.command()
@options.selection
@click.option("--metric", default="anytime", show_default=True, help="See `list metrics`, or a task's own: accuracy.")
@click.option(
    "--better", type=click.Choice(["higher", "lower"]), help="Which way is better, if the metric's name does not say."
)
@click.option(
    "--by", type=click.Choice(BY), help="One leaderboard for each; home: learned optimizers on their training tasks."
)
@click.option(
    "--missing",
    type=click.Choice(["common", "worst"]),
    default="common",
    show_default=True,
    help="common: only tasks that all have run; worst: a missing cell gets the worst score.",
)
@click.option(
    "--stability", is_flag=True, help="How certain the order is: tiers, and ranks without any one task or entry."
)
@options.output(*FORMATS)
def command(
    results: Any,
    metric: str,
    better: str | None,
    by: str | None,
    missing: str,
    stability: bool,
    form: str | None,
    out: Path | None,
) -> None:
    """One row per optimizer over the runs in DIRS."""
    from bench.reports.formats import put
    from bench.scores import grouped, homes, measured
    from bench.scores import stability as firm

    if stability and (by or better or missing != "common"):
        raise UserError("--stability needs one board over common tasks; leave out --by, --better and --missing")
    if stability:
        frame = firm.stability(results, metric)
    elif by == "home":
        frame = homes.board(results, metric)
    elif by:
        frame = grouped.boards(results, metric, by, missing, better)
    else:
        frame = measured.board(results, metric, missing, better)
    put(frame, form, out, FORMATS)
