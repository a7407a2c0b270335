"""`python -m bench.paper [--tasks A,B] [--no-ablations]`: the paper's claims; goes on where it was stopped."""

from __future__ import annotations

from pathlib import Path

import click

from bench.command_line import run
from bench.commas import names
from bench.errors import UserError

KNOWN = ("linear-regression", "rosenbrock", "two-moons-small", "two-moons")
"""Tasks with claims; all but the last are measured by default."""


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("results/reference/paper"),
    show_default=True,
)
@click.option(
    "--tasks", help="Of linear-regression, rosenbrock, two-moons-small (default: these), two-moons."
)
@click.option(
    "--ablations/--no-ablations", default=True, show_default=True, help="The causal column."
)
@click.option(
    "--tuning",
    type=click.Path(path_type=Path),
    default=Path("results/reference/targets"),
    show_default=True,
    help="Folder of tuned baselines; what is not there is searched and kept there.",
)
@click.option(
    "--weights", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder; default the shipped ones."
)  # fmt: skip
def main(out, tasks, ablations, tuning, weights) -> None:
    """Race, probe and ablate the paper's tasks at all meta-seeds there are, and judge every claim."""
    chosen = names(tasks) or list(KNOWN[:-1])
    if unknown := [name for name in chosen if name not in KNOWN]:
        raise UserError(f"no claim about {', '.join(unknown)}; there are: {', '.join(KNOWN)}")
    from bench import runtime

    runtime.load_tensorflow()
    from tqdm import tqdm

    from bench.paper import judging, measuring, table
    from bench.targets.measure import weights_of
    from optimizers.shipped import FOLDER

    entries = {task: weights_of(task, weights or FOLDER) for task in chosen}
    total = sum(measuring.parts(found, ablations=ablations) for found in entries.values())
    measured = {}
    with tqdm(total=total, desc="paper", unit="part") as bar:

        def tell(text: str) -> None:
            bar.set_postfix_str(text, refresh=False)
            bar.update()

        for task, found in entries.items():
            measured[task] = measuring.measure(
                task, found, out, tuning, ablations=ablations, tell=tell
            )
    click.echo(table.write(out, judging.judged(measured), measured))


if __name__ == "__main__":
    run(main, "python -m bench.paper")
