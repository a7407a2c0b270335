"""`python -m bench export`: stored runs as other benchmarks' viewers open them. Imports no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bench.commands import kinds, options

FORMATS = ("ioh", "coco")


@click.command()
@options.selection
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="The viewer they are written for.")
@click.option(
    "--tuned-for",
    default="mean_loss",
    show_default=True,
    help="Runs tuned for this metric; the word `default` means untuned runs.",
)
@click.option("--out", type=kinds.OUT_FOLDER, required=True, help="A new or empty folder.")
def command(results: Any, form: str, tuned_for: str, out: Path) -> None:
    """The runs in DIRS in the format of IOHprofiler (ioh) or of COCO (coco): one folder per optimizer."""
    from bench.records.files import note
    from bench.reports.export import export

    for line in export(results, form, out, tuned_for):
        note(f"left out: {line}")
    click.echo(out)
