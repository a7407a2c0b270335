"""`python -m bench anatomy`: the paper's figures of one optimizer, or of weights kept along meta-training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from bench import terminal
from bench.commands import kinds, options
from bench.errors import UserError
from bench.lookup import resolve
from bench.reports import waits
from bench.studies.anatomy.measure import anatomy, check_entry
from bench.suites.protocol import budget_for
from bench.suites.waits import of_study


@click.command()
@click.argument("optimizers", metavar="OPTIMIZER", nargs=-1, required=True)
@click.option(
    "--along", is_flag=True, help="Read folders or files of weights kept by metatrain --keep, of several seeds."
)
@click.option("--task", required=True)
@click.option("--out", required=True, type=kinds.OUT_FOLDER, help="Folder for pictures and page.")
@click.option("--seeds", type=kinds.COUNT, help="Report problems; default: the task's usual number; along: 512.")
@click.option("--trials", type=kinds.COUNT, help="Tuning trials per baseline; default: the task's usual number.")
@click.option("--tuning-seeds", type=kinds.COUNT, help="Tuning problems; default: the task's usual number.")
@click.option(
    "--steps", type=kinds.COUNT, help="Gradient evaluations a run; default: the task's usual number; along: 200."
)
@options.runs
@options.dry_run
@options.import_files
@click.pass_context
def command(
    context: click.Context,
    optimizers: tuple[str, ...],
    along: bool,
    task: str,
    out: Path,
    seeds: int | None,
    trials: int | None,
    tuning_seeds: int | None,
    steps: int | None,
    runs: Path,
    dry_run: bool,
    files: tuple[str, ...],
) -> None:
    """Draw how OPTIMIZER works on a task: curves, dynamics, update curve, schedule, adaptation; on one page.

    With --along: measure each mechanism during meta-training, and whether the mechanism that grew helps.
    """
    _check(context, optimizers, along)
    options.load(files, tensorflow=not dry_run)
    _look_up(optimizers, task, along)
    subject, study = resolve.named_task(task), "along" if along else "anatomy"
    what, asked = f"{study} of {optimizers[0]} on {subject.name}", steps or budget_for(subject.name).steps
    if dry_run:
        click.echo(waits.words(what, of_study(study, subject, asked)))
        return
    counts: dict[str, Any] = {"seeds": seeds, "trials": trials, "tuning_seeds": tuning_seeds, "steps": steps}
    with (
        waits.announced(study, what, subject, asked) as seconds,
        tqdm(total=0, desc="starting", bar_format=waits.bar_format(seconds)) as bar,
    ):
        if along:
            lines = _along(optimizers, task, out, bar, **{name: n for name, n in counts.items() if n is not None})
        else:
            from bench.studies.anatomy.report import sentences

            found = anatomy(optimizers[0], task, out, folders=[runs], progress=bar.set_description_str, **counts)
            lines = [*terminal.hanging(list(sentences(found).items())), f"{out}/anatomy.html"]
    click.echo("\n".join(lines))


def _look_up(optimizers: tuple[str, ...], task: str, along: bool) -> None:
    """UserError, TaskError or OptimizerError for what there is not, before a line of progress."""
    from bench.studies.along import series

    resolve.named_task(task)
    if along:
        series.load(optimizers)
    else:
        check_entry(resolve.entry(optimizers[0]))


def _along(checkpoints: tuple[str, ...], task: str, out: Path, bar: Any, **counts: int) -> list[str]:
    from bench.studies.along.measure import along
    from bench.studies.along.report import sentences

    return [*sentences(along(checkpoints, task, out, progress=bar.set_description_str, **counts)), f"{out}/along.md"]


def _check(context: click.Context, optimizers: tuple[str, ...], along: bool) -> None:
    """UserError for what would be ignored."""
    if not along and len(optimizers) > 1:
        raise UserError(
            f"{len(optimizers)} optimizers given, and a page is of one; name one, or --along for kept weights"
        )
    for name in ("trials", "tuning_seeds", "runs") if along else ():
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise UserError(
                f"--{name.replace('_', '-')} has no meaning with --along, where nothing is tuned; leave it out"
            )
