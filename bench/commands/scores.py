"""`python -m bench scores`: the score of every run by every metric, as one tidy table. Imports no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bench.commands import options

FORMATS = ("csv", "parquet", "json")


@click.command()
@options.selection
@options.output(*FORMATS)
def command(results: Any, form: str | None, out: Path | None) -> None:
    """One row per run: task, optimizer, what its θ was tuned for, problem (seed), and every metric."""
    from bench.reports.formats import put
    from bench.scores import frames

    put(frames.scores(results), form, out, FORMATS)
