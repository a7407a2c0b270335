"""`python -m bench anatomy`: the paper's figures of one optimizer, and a page with their numbers."""

from __future__ import annotations

from pathlib import Path

import click
from tqdm import tqdm


@click.command()
@click.argument("optimizer")
@click.option("--task", required=True)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder for pictures and page."
)
@click.option("--seeds", type=int, default=128, show_default=True, help="Report problems.")
@click.option(
    "--trials", type=int, default=64, show_default=True, help="Configurations tried per baseline."
)
@click.option(
    "--tuning-seeds", type=int, default=16, show_default=True, help="Problems they are tried on."
)
@click.option(
    "--steps", type=int, default=200, show_default=True, help="Gradient evaluations a run."
)
@click.option(
    "--import", "files", multiple=True, metavar="FILE", help="Python file with tasks or optimizers."
)
def anatomy(optimizer, task, out, seeds, trials, tuning_seeds, steps, files) -> None:
    """Draw how OPTIMIZER works on a task: curves, dynamics, update curve, schedule, adaptation; and a page of it."""
    from bench import imports, runtime
    from bench.files import check_folder

    check_folder(out)
    runtime.load_tensorflow()
    imports.load_plugins()
    imports.load_files(files)
    from bench.anatomy import anatomy as measure
    from bench.anatomy.page import sentences

    counts = {"seeds": seeds, "trials": trials, "tuning_seeds": tuning_seeds, "steps": steps}
    with tqdm(total=0, desc="starting", bar_format="{desc} ({elapsed})") as bar:
        found = measure(optimizer, task, out, progress=bar.set_description_str, **counts)
    lines = [f"{name:12}  {sentence}" for name, sentence in sentences(found).items()]
    click.echo("\n".join([*lines, f"{out}/anatomy.html"]))
