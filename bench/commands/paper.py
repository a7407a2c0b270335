"""`python -m bench paper [--tasks A,B] [--no-ablations]`: the paper's claims; goes on where it was stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from bench.commands import options
from bench.errors import UserError
from bench.lookup.syntax import names
from optimizers.shipped import FOLDER

KNOWN = ("linear-regression", "rosenbrock", "two-moons-small", "two-moons")
"""Tasks with claims; all but the last are measured by default."""


@click.command()
@click.option("--out", type=options.PATH, default=Path("results/reference/paper"), show_default=True)
@click.option("--tasks", help="Of linear-regression, rosenbrock, two-moons-small (default: these), two-moons.")
@click.option("--ablations/--no-ablations", default=True, show_default=True, help="The causal column.")
@click.option(
    "--tuning",
    type=options.PATH,
    default=Path("results/reference/targets"),
    show_default=True,
    help="Folder of tuned baselines; what is not there is searched and kept there.",
)
@click.option("--weights", type=options.FOLDER, help="Folder; default the shipped ones.")
def command(out: Path, tasks: str | None, ablations: bool, tuning: Any, weights: Path | None) -> None:
    """Race, probe and ablate the paper's tasks at all meta-seeds there are, and judge every claim."""
    chosen = names(tasks) or list(KNOWN[:-1])
    if unknown := [name for name in chosen if name not in KNOWN]:
        raise UserError(f"no claim about {', '.join(unknown)}; there are: {', '.join(KNOWN)}")
    options.load()

    from bench.studies.paper import analyze, measure, report
    from bench.studies.targets.measure import weights_of

    entries = {task: weights_of(task, weights or FOLDER) for task in chosen}
    total = sum(measure.parts(found, ablations=ablations) for found in entries.values())
    measured = {}
    with tqdm(total=total, desc="paper", unit="part") as bar:

        def progress(text: str) -> None:
            bar.set_postfix_str(text, refresh=False)
            bar.update()

        for task, found in entries.items():
            measured[task] = measure.measure(task, found, out, tuning, ablations=ablations, progress=progress)
    click.echo(report.write(out, analyze.judged(measured), measured))
