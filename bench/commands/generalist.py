"""`python -m bench generalist`: the generalist beside optimizers tuned with k trials, and where it breaks."""

from __future__ import annotations

from pathlib import Path

import click
from tqdm import tqdm

from bench.commands import kinds, options


@click.command()
@click.option("--out", type=kinds.OUT_FOLDER, default=Path("results/reference/generalist"), show_default=True)
@click.option("--page", type=kinds.OutFile(".md"), default=Path("docs/generalist.md"), show_default=True)
@click.option("--everywhere/--no-everywhere", default=True, show_default=True, help="Also every task of the library.")
def command(out: Path, page: Path, everywhere: bool) -> None:
    """Race the generalists and tuned optimizers on the reported families, or resume such a race."""
    options.load()
    from bench.studies.generalist.run import compare

    with tqdm(desc="generalist", unit="step", bar_format="{desc}: {n_fmt} done, {elapsed} {postfix}") as bar:

        def progress(text: str) -> None:
            bar.update()
            bar.set_postfix_str(text)

        text = compare(out, page, progress, everywhere)
    click.echo(text)
