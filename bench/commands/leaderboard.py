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
@click.option("--better", type=click.Choice(["higher", "lower"]), help="For a task's own metric whose name is silent.")
@click.option("--by", type=click.Choice(BY), help="A board for each, ranked within; home: where learned ones trained.")
@click.option(
    "--missing",
    type=click.Choice(["common", "worst"]),
    default="common",
    show_default=True,
    help="Over tasks that all have run, or a missing cell is the worst.",
)
@click.option("--stability", is_flag=True, help="How firm the order is: tiers, one task or entry left out, problems.")
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
        raise UserError("--stability is of one board over common tasks; leave out --by, --better and --missing")
    if stability:
        frame = firm.stability(results, metric)
    elif by == "home":
        frame = homes.board(results, metric)
    elif by:
        frame = grouped.boards(results, metric, by, missing, better)
    else:
        frame = measured.board(results, metric, missing, better)
    put(frame, form, out, FORMATS)
