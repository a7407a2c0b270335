"""`python -m bench distill`: the closed form of an optimizer, R² and races beside each other, and the reverse."""

from __future__ import annotations

import json
from pathlib import Path

import click
from tqdm import tqdm

from bench.commands import kinds, options
from bench.lookup import resolve
from bench.reports import waits
from bench.studies.distillation.plan import check_entry
from bench.suites.waits import of_study

_OUT = "Weights file of the closed form, ending in .npz; the refined and the borrowing ones beside it."


@click.command()
@click.argument("optimizer")
@click.option("--task", required=True)
@click.option("--out", type=kinds.OutFile(".npz"), help=_OUT)
@click.option(
    "--refine",
    type=kinds.NATURAL,
    default=100,
    show_default=True,
    help="Meta-iterations that train the fitted constants further; 0: none.",
)
@click.option(
    "--trials",
    type=kinds.NATURAL,
    default=128,
    show_default=True,
    help="Tuning trials per baseline that borrows the teacher's schedule or clip; 0 skips it.",
)
@click.option("--problems", type=kinds.COUNT, default=512, show_default=True, help="Report problems of every race.")
@options.steps
@options.dry_run
@options.formats("text", "json")
@options.import_files
def command(
    optimizer: str,
    task: str,
    out: Path | None,
    refine: int,
    trials: int,
    problems: int,
    steps: int,
    dry_run: bool,
    form: str,
    files: tuple[str, ...],
) -> None:
    """Fit a closed form of few constants to OPTIMIZER on a task, and race it against its teacher."""
    options.load(files, tensorflow=not dry_run)
    subject, entry = resolve.named_task(task), resolve.entry(optimizer)
    check_entry(entry)
    what = f"distilling {entry.name} on {subject.name}"
    if dry_run:
        click.echo(waits.words(what, of_study("distill", subject, steps)))
        return
    from bench.studies.distillation.measure import measure
    from bench.studies.distillation.plan import Asked
    from bench.studies.distillation.report import render, save, to_json

    asked = Asked(refine, trials, problems, steps)
    theta = resolve.theta(entry, None)
    with (
        waits.announced("distill", what, subject, steps) as seconds,
        tqdm(total=0, desc="starting", bar_format=waits.bar_format(seconds)) as bar,
    ):
        found = measure(subject, entry, theta, asked, bar.set_description_str)
    if out is not None:
        save(found, out, optimizer)
    click.echo(json.dumps(to_json(found), indent=1, allow_nan=False) if form == "json" else render(found))
