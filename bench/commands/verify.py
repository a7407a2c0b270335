"""`python -m bench verify`: cells of a run once more, and an exit code that says whether they come out the same."""

from __future__ import annotations

from pathlib import Path

import click

from bench.commands import kinds, options
from bench.running.executor import Means
from bench.terminal import counted


@click.command()
@click.argument("folder", metavar="DIR", type=kinds.InFolder())
@options.sample
@click.option("--seed", type=kinds.NATURAL, default=0, show_default=True, help="Which cells are drawn.")
@options.raced_weights
@options.workers
@options.import_files
@click.pass_context
def command(
    context: click.Context,
    folder: Path,
    sample: int,
    everything: bool,
    seed: int,
    weights: tuple[Path, ...],
    workers: int,
    files: tuple[str, ...],
) -> None:
    """Run some cells of DIR again and compare all numbers except times. Give a TOML suite with tasks to --import.

    Exit code 0: all the same; 1: one differs, or a file is damaged; 2: a mistake in the command.
    """
    from bench.running import worker

    worker.begin(files)  # before TensorFlow is imported, as in a run
    from bench.running.verify import verify

    means = Means(workers, files)
    found = verify(folder, None if everything else sample, seed=seed, means=means, weights=weights)
    for verified in found.cells:
        click.echo(str(verified))
    counts = {
        "the same": sum(not verified.differs for verified in found.cells),
        "different": sum(bool(verified.differs) for verified in found.cells),
        **({"damaged files": len(found.damaged)} if found.damaged else {}),
    }
    said = "".join(f", {name}: {count}" for name, count in counts.items())
    click.echo(f"run again: {counted(len(found.cells), 'cell')}{said}")
    context.exit(0 if found.holds else 1)
