"""`python -m bench metatrain`: one training here, several meta-seeds side by side in bench.metatraining.seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bench import metatraining
from bench.commands import kinds, options
from bench.errors import UserError
from bench.lookup.syntax import names
from bench.metatraining.seeds import Training, train_seeds
from bench.running.executor import Means


@click.command()
@click.argument("architecture")
@click.option("--tasks", required=True, help="Names between commas; one is drawn per iteration.")
@click.option("--out", required=True, type=kinds.OutFile(".npz"), help="Weights file, ending in .npz.")
@click.option("--steps", type=kinds.COUNT, default=1000, show_default=True, help="Meta-iterations.")
@click.option(
    "--seed",
    "seeds",
    default="0",
    show_default=True,
    type=kinds.Listed(kinds.NATURAL),
    help="Several between commas: NAME.npz, NAME-2.npz, …",
)
@click.option("--loss", type=click.Choice(["mixed", "mean", "log"]), default="mixed", show_default=True)
@click.option(
    "--log-weight",
    type=kinds.NOT_NEGATIVE,
    default=0.005,
    show_default=True,
    help="Weight of mean(log(f/f0)) beside mean(f/f0) in the mixed loss.",
)
@click.option(
    "--estimator",
    default="backprop",
    show_default=True,
    help="How to estimate the meta-gradient; see docs/estimators.md.",
)
@click.option(
    "--discount", type=kinds.SHARE, default=0.95, show_default=True, help="Factor on adjoints at every backward step."
)
@click.option("--discount-from", type=kinds.SHARE, help="Initial discount, raised to --discount in five stages.")
@click.option(
    "--clip",
    type=kinds.BOUND,
    default=5.0,
    show_default=True,
    help="Clip adjoints at this multiple of the batch median.",
)
@click.option("--rate", type=kinds.POSITIVE, default=5e-3, show_default=True, help="Meta learning rate.")
@click.option(
    "--decay",
    type=kinds.SHARE,
    help="Factor on the rate per 1000 iterations; default: 20 iterations of warm-up, then a cosine.",
)
@click.option(
    "--beta-1",
    type=kinds.DECAY,
    default=0.9,
    show_default=True,
    help="First decay of the Adam that trains the weights.",
)
@click.option("--beta-2", type=kinds.DECAY, default=0.99, show_default=True, help="Its second decay.")
@click.option("--epsilon", type=kinds.POSITIVE, default=1e-8, show_default=True, help="Its epsilon.")
@click.option(
    "--clip-each", type=kinds.BOUND, help="Clip every element of the meta-gradient to ± this, instead of its norm."
)
@click.option(
    "--l2",
    type=kinds.NOT_NEGATIVE,
    default=0.0,
    show_default=True,
    help="Weight of the norm of the weights in the loss.",
)
@click.option(
    "--batch",
    default="64",
    show_default=True,
    type=kinds.Listed(kinds.COUNT),
    help="Problems per meta-iteration, or one number for each task.",
)
@click.option("--weights", type=kinds.Listed(kinds.POSITIVE), help="How often each task is drawn; equal by default.")
@click.option("--unroll", type=kinds.COUNT, default=200, show_default=True, help="Inner steps.")
@click.option("--unroll-from", type=kinds.COUNT, help="Initial unroll, raised to --unroll in five stages.")
@click.option(
    "--unroll-least",
    type=kinds.COUNT,
    help="Draw the length of every iteration's runs, log-uniform from this to --unroll; for estimators with segments.",
)
@click.option(
    "--validation", type=kinds.COUNT, help="Held-out problems; default 128, or 32 for tasks with small tiles."
)
@click.option(
    "--baselines/--no-baselines",
    default=True,
    show_default=True,
    help="First tune momentum, rmsprop and adam, for comparison.",
)
@click.option(
    "--keep",
    type=kinds.Count(2),
    help="Also write the weights at this many log-spaced iterations into NAME.kept, for anatomy --along.",
)
@click.option("--plot", type=kinds.PICTURE, help="Picture of the curves.")
@click.option(
    "--parts",
    type=kinds.COUNT,
    help="Split every batch into so many parts, each clipped by its own median, for --workers to share.",
)
@options.workers_or_dask(1, True, "Seeds trained side by side; of one seed, parts of a batch.")
@options.import_files
def command(
    architecture: str,
    tasks: str | None,
    out: Path,
    seeds: tuple[int, ...],
    batch: Any,
    workers: int,
    dask: str | None,
    plot: Any,
    files: tuple[str, ...],
    **settings: Any,
) -> None:
    """Meta-train ARCHITECTURE, e.g. gru[units=64,input=asinh]; a resumed training gives bit-identical weights."""
    settings["batch"] = batch if len(batch) > 1 else batch[0]
    listed = names(tasks)
    if len(seeds) > 1 or dask is not None:
        if plot is not None:
            raise UserError("--plot draws one training on this machine; leave it out, or give one --seed and no --dask")
        options.load(files, tensorflow=False)
        outs = train_seeds(Training(architecture, listed, settings), out, seeds, Means(workers, files, dask=dask))
    else:
        options.load(files)

        metatraining.metatrain(architecture, listed, out=out, seed=seeds[0], plot=plot, workers=workers, **settings)
        outs = [out]
    for path in outs:
        click.echo(f"weights and card: {path} and {path.with_suffix('.json')}; race them: --optimizers {path}")
