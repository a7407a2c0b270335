"""`python -m bench.targets [TASK …] [--quick] [--out FOLDER]`: measure the targets; goes on where it was stopped."""

from __future__ import annotations

from pathlib import Path

import click

from bench.command_line import run
from bench.errors import UserError
from bench.targets.rows import PROTOCOLS, QUICK, QUICK_TARGETS, TARGETS


@click.command()
@click.argument("tasks", nargs=-1)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("results/reference/targets"),
    show_default=True,
)
@click.option("--quick", is_flag=True, help="Also train for a minute each, and measure that.")
@click.option(
    "--weights",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder; default the shipped ones.",
)
def main(tasks, out, quick, weights) -> None:
    """Measure the targets of TASKS, all by default, for the weights that are there."""
    from bench import runtime

    runtime.load_tensorflow()
    from tqdm import tqdm

    from bench.targets import table
    from bench.targets.measure import measure, weights_of
    from bench.targets.quick import train
    from optimizers.shipped import FOLDER

    chosen = tasks or tuple(PROTOCOLS)
    if unknown := [task for task in chosen if task not in PROTOCOLS]:
        raise UserError(f"no target for {', '.join(unknown)}; there are: {', '.join(PROTOCOLS)}")
    with tqdm(chosen, desc="targets", unit="task") as bar:
        for task in bar:
            entries = weights_of(task, weights or FOLDER)
            if entries:
                targets = [target for target in TARGETS if target.task == task]
                rows = measure(task, targets, entries, PROTOCOLS[task], out, bar.set_postfix_str)
                table.keep(out, task, rows, quick=False)
            if quick and task in QUICK:
                targets = [target for target in QUICK_TARGETS if target.task == task]
                rows = measure(task, targets, [train(task, out)], PROTOCOLS[task], out)
                table.keep(out, task, rows, quick=True)
    click.echo(table.write(out))


if __name__ == "__main__":
    run(main, "python -m bench.targets")
