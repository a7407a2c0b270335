"""`python -m bench metatrain`: one training here, several meta-seeds side by side in bench.metatraining.seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bench import metatraining
from bench.commands import options
from bench.errors import UserError
from bench.lookup.syntax import names
from bench.metatraining.seeds import Training, train_seeds
from bench.running.executor import Means


def _numbers(kind: type) -> Any:
    """A click callback: numbers between commas -> a tuple of `kind`; None stays."""

    def read(context: click.Context, option: click.Parameter, text: str | None) -> Any:
        try:
            return None if text is None else tuple(kind(part) for part in text.split(","))
        except ValueError:
            what = "whole numbers" if kind is int else "numbers"
            raise UserError(f"{option.opts[0]} is {text!r}; give {what} between commas") from None

    return read


@click.command()
@click.argument("architecture")
@click.option("--tasks", required=True, help="Names between commas; one is drawn per iteration.")
@click.option("--out", required=True, type=options.PATH, help="Weights file, ending in .npz.")
@click.option("--steps", type=int, default=1000, show_default=True, help="Meta-iterations.")
@click.option(
    "--seed",
    "seeds",
    default="0",
    show_default=True,
    callback=_numbers(int),
    help="Several between commas: NAME.npz, NAME-2.npz, …",
)
@click.option("--loss", type=click.Choice(["mixed", "mean", "log"]), default="mixed", show_default=True)
@click.option(
    "--log-weight",
    type=float,
    default=0.005,
    show_default=True,
    help="Weight of mean(log(f/f0)) beside mean(f/f0) in the mixed loss.",
)
@click.option(
    "--estimator",
    default="backprop",
    show_default=True,
    help="How to estimate the meta-gradient; see docs/metatraining.md.",
)
@click.option(
    "--discount", type=float, default=0.95, show_default=True, help="Factor on adjoints at every backward step."
)
@click.option("--discount-from", type=float, help="Initial discount, raised to --discount in five stages.")
@click.option(
    "--clip", type=float, default=5.0, show_default=True, help="Clip adjoints at this multiple of the batch median."
)
@click.option("--rate", type=float, default=5e-3, show_default=True, help="Meta learning rate.")
@click.option(
    "--decay", type=float, help="Factor of the rate every 1000 iterations; without it 20 of warm-up, then a cosine."
)
@click.option(
    "--beta-1", type=float, default=0.9, show_default=True, help="First decay of Adam, which descends in the weights."
)
@click.option("--beta-2", type=float, default=0.99, show_default=True, help="Its second decay.")
@click.option("--epsilon", type=float, default=1e-8, show_default=True, help="Its epsilon.")
@click.option("--clip-each", type=float, help="Clip every element of the meta-gradient to ± this, instead of its norm.")
@click.option("--l2", type=float, default=0.0, show_default=True, help="Weight of the norm of the weights in the loss.")
@click.option(
    "--batch",
    default="64",
    show_default=True,
    callback=_numbers(int),
    help="Problems per meta-iteration; or one number a task.",
)
@click.option("--weights", callback=_numbers(float), help="How often each task is drawn; equal by default.")
@click.option("--unroll", type=int, default=200, show_default=True, help="Inner steps.")
@click.option("--unroll-from", type=int, help="Initial unroll, raised to --unroll in five stages.")
@click.option("--validation", type=int, help="Held-out problems; default 128, or 32 of a task of small tiles.")
@click.option(
    "--baselines/--no-baselines",
    default=True,
    show_default=True,
    help="Tune momentum, rmsprop and adam first, to compare with.",
)
@click.option(
    "--keep",
    type=int,
    help="Also write the weights at so many log-spaced iterations, into NAME.kept; for anatomy --along.",
)
@click.option("--plot", type=options.PATH, help="Picture of the curves.")
@options.workers_or_dask(1, True, "Seeds trained side by side.")
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
    """Meta-train ARCHITECTURE, e.g. gru[units=64,input=asinh]; stops and resumes to the same bits."""
    settings["batch"] = batch if len(batch) > 1 else batch[0]
    listed = names(tasks)
    if len(seeds) > 1 or dask is not None:
        if plot is not None:
            raise UserError("--plot is of one training on this machine; leave it out, or give one --seed and no --dask")

        outs = train_seeds(Training(architecture, listed, settings), out, seeds, Means(workers, files, dask=dask))
    else:
        options.load(files)

        metatraining.metatrain(architecture, listed, out=out, seed=seeds[0], plot=plot, **settings)
        outs = [out]
    for path in outs:
        click.echo(f"weights and card: {path} and {path.with_suffix('.json')}; race them: --optimizers {path}")
