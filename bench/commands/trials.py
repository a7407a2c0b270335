"""`python -m bench trials`: what tuning tried and how it scored, as one tidy table. Imports no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bench.commands import options

FORMATS = ("csv", "parquet", "json")


@click.command()
@options.selection
@click.option("--winners", is_flag=True, help="A row per cell and metric: the trial chosen, its score on all problems.")
@options.output(*FORMATS)
def command(results: Any, winners: bool, form: str | None, out: Path | None) -> None:
    """One row per configuration that tuning tried: its settings, its mean scores, what it was chosen for."""
    from bench.reports.formats import put
    from bench.scores import frames

    put(frames.winners(results) if winners else frames.trials(results), form, out, FORMATS)
