"""`python -m bench probe`: what the mechanism probes find in one optimizer on one task."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import click

from bench.commands import kinds, options
from bench.lookup import resolve
from bench.probes import run
from bench.records.store import Store, tuned
from bench.reports import waits
from bench.running.progress import Bar


@click.command()
@click.argument("optimizer")
@click.option("--task", required=True)
@click.option("--probe", "probes", multiple=True, metavar="P", help="Only this probe; repeatable.")
@click.option(
    "--out", type=kinds.OUT_FOLDER, help="A run's folder: use the settings tuned there, and write the reading into it."
)
@click.option(
    "--twins", type=kinds.NATURAL, metavar="N", help="Untrained twins of a learned optimizer; default: 39; 0: none."
)
@options.formats("text", "json")
@options.import_files
def command(
    optimizer: str,
    task: str,
    probes: tuple[str, ...],
    out: Path | None,
    twins: int | None,
    form: str,
    files: tuple[str, ...],
) -> None:
    """Probe OPTIMIZER for its mechanisms on problems of a task; controls run first.

    A learned one is compared with untrained twins; probing these takes about a minute, once, and is then cached.
    """
    if out is not None:
        Store(out)
    options.load(files)
    from bench.reports.readings import readings_text

    subject, entry = resolve.named_task(task), resolve.entry(optimizer)
    recorded = tuned(out, subject.name, entry.name, "mean_loss") if out and entry.space else None
    theta = recorded or resolve.theta(entry, None)
    run.asked(entry, probes or None, twins)
    waits.say_settings(entry, theta)
    with Bar("probes", 1, 0) as bar:
        shown = functools.partial(bar.share, 0)
        readings = run.probe(subject, entry, theta, probes=probes or None, twins=twins, progress=shown)
    if out is not None:
        run.write_readings(run.kept(subject, entry, readings, 200, twins, theta), out)
    plain = {name: reading.to_json() for name, reading in readings.items()}
    click.echo(json.dumps(plain, indent=1) if form == "json" else readings_text(entry.name, subject.name, plain))
