"""`python -m bench paper [--tasks A,B] [--no-ablations]`: the paper's claims; goes on where it was stopped."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from bench.commands import kinds, options
from bench.errors import UserError
from bench.lookup import resolve
from bench.lookup.syntax import names
from bench.records.files import note
from bench.reports.waits import words
from bench.studies.paper.plan import TASKS, plan
from bench.suites import waits
from optimizers.shipped import FOLDER


@click.command()
@click.option("--out", type=kinds.OUT_FOLDER, default=Path("results/reference/paper"), show_default=True)
@click.option("--tasks", help=f"Of {', '.join(TASKS)}; default all.")
@click.option(
    "--ablations/--no-ablations", default=True, show_default=True, help="Measure what is lost without each mechanism."
)
@click.option(
    "--tuning",
    type=kinds.OUT_FOLDER,
    default=Path("results/reference/targets"),
    show_default=True,
    help="Folder of `targets`, with the cells it tuned; what neither has is tuned and kept there.",
)
@click.option("--weights", type=kinds.InFolder(), help="Folder; default the shipped ones.")
@click.option("--page", type=kinds.InFile(), help="A page whose marked parts are written again, such as docs/paper.md.")
@click.option("--only-page", is_flag=True, help="Measure and judge nothing; make --page from the tables in --out.")
@click.option("--no-measure", is_flag=True, help="Judge only what earlier runs measured; list what is missing.")
@options.dry_run
@options.runs
def command(out: Path, page: Path | None, only_page: bool, dry_run: bool, runs: Path, **settings: Any) -> None:
    """Race, probe and ablate replication networks and others on the paper's tasks, and judge every claim."""
    if only_page and page is None:
        raise UserError("--only-page needs --page, such as --page docs/paper.md")
    if only_page and not (out / "claims.csv").is_file():
        raise UserError(
            f"{out} holds no tables of the paper (no claims.csv), so no page is made of it; leave out --only-page"
        )
    if dry_run:
        click.echo(_how_long(out, settings["tasks"], settings["ablations"], settings["weights"]))
        return
    if not only_page:
        click.echo(_judged(out, runs, **settings))
    if page is not None:
        from bench.studies.paper.pages import fill

        fill(page, out)


def _how_long(out: Path, tasks: str | None, ablations: bool, weights: Path | None) -> str:
    """How long the parts take that `out` does not hold yet, one after another."""
    from bench.studies.paper import answers
    from bench.studies.paper.plan import left

    planned = plan(names(tasks), ablations=ablations)
    others = answers.others(planned.tasks) if weights is None else []
    missing = left(planned, weights or FOLDER, out) + answers.left(others, out)
    found = waits.total(waits.of_study(study, resolve.named_task(task)) for study, task in missing)
    return words(f"{len(missing)} parts to measure", found)


def _judged(
    out: Path, runs: Path, tasks: str | None, ablations: bool, tuning: Path, weights: Path | None, no_measure: bool
) -> str:
    planned = plan(names(tasks), ablations=ablations)
    options.load()
    if not no_measure:
        note(_how_long(out, tasks, ablations, weights))

    from bench.studies.paper import analyze, answers, measure, report

    networks = {task: planned.networks(task, weights or FOLDER) for task in planned.tasks}
    others = answers.others(planned.tasks) if weights is None else []
    measured = {}
    with tqdm(total=planned.parts(networks) + len(others), desc="paper", unit="part") as bar:

        def progress(text: str) -> None:
            bar.set_postfix_str(text, refresh=False)
            bar.update()

        for task, found in networks.items():
            with contextlib.suppress(measure.NotThere):
                measured[task] = measure.measure(
                    task,
                    found,
                    out,
                    tuning,
                    ablations=ablations,
                    folders=[runs],
                    make=not no_measure,
                    progress=progress,
                )
        told, seconds = answers.measure(others, out, make=not no_measure, progress=progress)
    return report.write(out, analyze.judged(measured), measured, [*answers.of_groups(measured), *told], seconds)
