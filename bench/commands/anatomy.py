"""`python -m bench anatomy`: the paper's figures of one optimizer, and a page with their numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from bench.commands import options
from bench.records.files import check_folder
from bench.studies.anatomy.measure import anatomy


@click.command()
@click.argument("optimizer")
@click.option("--task", required=True)
@click.option("--out", required=True, type=options.PATH, help="Folder for pictures and page.")
@click.option("--seeds", type=int, help="Report problems; default the task's, as in every suite and study.")
@click.option("--trials", type=int, help="Configurations tried per baseline; default as above.")
@click.option("--tuning-seeds", type=int, help="Problems they are tried on; default as above.")
@click.option("--steps", type=int, help="Gradient evaluations a run; default as above.")
@options.runs
@options.import_files
def command(
    optimizer: str,
    task: str,
    out: Path,
    seeds: int | None,
    trials: int | None,
    tuning_seeds: int | None,
    steps: int | None,
    runs: Path,
    files: tuple[str, ...],
) -> None:
    """Draw how OPTIMIZER works on a task: curves, dynamics, update curve, schedule, adaptation; and a page of it."""
    check_folder(out)
    options.load(files)
    from bench.studies.anatomy.report import sentences

    counts: dict[str, Any] = {"seeds": seeds, "trials": trials, "tuning_seeds": tuning_seeds, "steps": steps}
    with tqdm(total=0, desc="starting", bar_format="{desc} ({elapsed})") as bar:
        found = anatomy(optimizer, task, out, folders=[runs], progress=bar.set_description_str, **counts)
    lines = [f"{name:12}  {sentence}" for name, sentence in sentences(found).items()]
    click.echo("\n".join([*lines, f"{out}/anatomy.html"]))
