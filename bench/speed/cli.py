"""`python -m bench.speed`: measure every row, print the table, write it, and say by the exit code whether all hold."""

from __future__ import annotations

from pathlib import Path

import click
from tqdm import tqdm

from bench.speed import comparisons
from bench.speed.sides import sides
from bench.speed.table import text

OUT = Path("results/reference/benchmarks")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", multiple=True, metavar="NAME", help="Rows whose name contains NAME.")
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help=f"Folder; default {OUT}.")
def main(only: tuple[str, ...], rounds: int, out: Path | None) -> None:
    """Measure the engine against its peers, in turns; exit code 1 when a target does not hold."""
    chosen = [c for c in comparisons.COMPARISONS if _meant(c.name, only)]
    rows = []
    with sides("ours", "jax", "keras", "torch") as processes:
        for comparison in tqdm(chosen, unit="row"):
            rows.append(comparisons.measure(comparison, processes, rounds))
            tqdm.write(text(rows[-1:]))
    click.echo(text(rows))
    raise SystemExit(any(row.held is False for row in rows))


def _meant(name: str, only: tuple[str, ...]) -> bool:
    return not only or any(part.casefold() in name.casefold() for part in only)
