"""`python -m bench ablate`: causal tests of one optimizer on one task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from bench.errors import UserError

METRICS = ("mean_loss", "mean_log", "final")


@click.command()
@click.argument("optimizer")
@click.option("--task", required=True)
@click.option("--seeds", type=int, default=512, show_default=True, help="Report problems.")
@click.option(
    "--steps", type=int, default=200, show_default=True, help="Gradient evaluations a run."
)
@click.option(
    "--metric",
    type=click.Choice(METRICS),
    help="Default: that of the task in suite core, else mean_loss.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder that keeps the result as JSON."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "md", "json", "csv"]),
    default="text",
    show_default=True,
)
@click.option(
    "--import", "files", multiple=True, metavar="FILE", help="Python file with tasks or optimizers."
)
def ablate(optimizer, task, seeds, steps, metric, out, form, files) -> None:
    """Race OPTIMIZER against itself without momentum, clipping, schedule, adaptation, …, and read what each is for."""
    from bench import imports, runtime
    from bench.files import check_folder

    if out is not None:
        check_folder(out)
    runtime.load_tensorflow()
    imports.load_plugins()
    imports.load_files(files)
    from bench.ablations import tables

    found = causal_tests(optimizer, task, seeds=seeds, steps=steps, metric=metric)
    if out is not None:
        keep(found, out)
    click.echo(tables.render(found, form))


def causal_tests(
    optimizer: Any, task: Any, *, seeds: int = 512, steps: int = 200, metric: str | None = None
) -> dict[str, Any]:
    """Ablations, controls, pairs and ladder of `optimizer` on `task` -> plain data; raises UserError, OptimizerError.

    Keys: entries, mechanisms, interactions, ladder, and what was asked for.
    """
    from bench import names, suites
    from bench.ablations import study, tables
    from bench.ablations.variants import variants

    suites.check_count("seeds", seeds)
    suites.check_count("steps", steps)
    subject, entry = names.named_task(task), names.entry(optimizer)
    metric = metric or suites.get("core").metric_for(subject.name)
    if metric not in METRICS:
        raise UserError(f"metric {metric!r} gives no ratios; choose one of {', '.join(METRICS)}")
    total = study.configurations(len(variants(steps)))
    with tqdm(total=total, desc="ablations", unit="run") as bar:
        raced = study.study(
            subject, entry, seeds=seeds, steps=steps, metric=metric, progress=bar.update
        )
    return tables.report(raced)


def keep(report: dict[str, Any], out: Path) -> Path:
    """Write the report under `out`/ablations -> the file."""
    from bench.files import write_json

    path = Path(out) / "ablations" / f"{report['optimizer']}@{report['task']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, report)
    return path
