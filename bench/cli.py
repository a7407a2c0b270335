"""`python -m bench`: parsing here, doing in the modules it names. Results go to standard output, the rest to error."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from bench import imports, suites
from bench.command_line import run as run_command
from bench.commas import names
from bench.errors import UserError

_RUNS = Path("results/runs")
_DIRS = click.argument("dirs", nargs=-1, required=True, type=click.Path(path_type=Path))
_IMPORT = click.option(
    "--import", "files", multiple=True, metavar="FILE", help="Python file with tasks or optimizers."
)


_ELSEWHERE = {
    "ablate": (
        "bench.ablate_command",
        "Take mechanisms out of an optimizer and race what is left.",
    ),
    "check": ("bench.check_command", "Hold a task, an optimizer or a file to its contract."),
    "generalise": ("bench.generalise_command", "Race learned optimizers off their training task."),
    "metatrain": ("bench.metatrain_command", "Meta-train an architecture on tasks."),
    "anatomy": ("bench.anatomy_command", "Draw the paper's figures of an optimizer, and a page."),
    "distill": ("bench.distill_command", "Fit a closed form to an optimizer and race it."),
}


class _Commands(click.Group):
    """Commands of modules of their own (_ELSEWHERE) are imported when run, not when listed."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] in _ELSEWHERE:
            module = importlib.import_module(_ELSEWHERE[args[0]][0])
            self.add_command(getattr(module, args[0]), args[0])
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    commands=[click.Command(name, short_help=about) for name, (_, about) in _ELSEWHERE.items()],
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.pass_context
def main(context: click.Context) -> None:
    """Race learned and hand-designed optimizers on equal budgets, and look inside the learned ones."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@main.command("list")
@click.argument(
    "what",
    required=False,
    type=click.Choice(["tasks", "optimizers", "suites", "probes", "metrics"]),
)
@_IMPORT
def list_(what: str | None, files: tuple[str, ...]) -> None:
    """What there is, one line each."""
    from bench.listing import listing

    _load(files, tensorflow=False)
    click.echo(listing(what))


@main.command()
@click.argument("suite")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder; default results/runs/SUITE. Resumed if it exists.",
)
@click.option(
    "--tasks", help="Names, patterns, tag:T or cost:C between commas, instead of the suite's."
)
@click.option(
    "--optimizers", help="Names, patterns or kind:K between commas, instead of the suite's."
)
@click.option("--steps", type=int, help="Gradient evaluations a run.")
@click.option("--seeds", type=int, help="Report problems.")
@click.option("--trials", type=int, help="Configurations tried per optimizer.")
@click.option(
    "--workers", type=int, default=os.cpu_count() or 1, show_default="cores", help="Processes."
)
@click.option("--dry-run", is_flag=True, help="Print the cells and the expected time.")
@_IMPORT
def run(suite, out, tasks, optimizers, steps, seeds, trials, workers, dry_run, files) -> None:
    """Run SUITE, a name or a .toml file; resumes what is there; ends with the leaderboard and the probes."""
    checks_settings = "[" in (optimizers or "")  # against Keras, which imports TensorFlow
    _load(files, tensorflow=not dry_run or checks_settings)
    chosen = suites.override(
        suites.get(suite),
        tasks=names(tasks),
        optimizers=names(optimizers),
        steps=steps,
        seeds=seeds,
        trials=trials,
    )
    suites.check_count("workers", workers)
    out = out or _RUNS / chosen.name
    if dry_run:
        from bench.dry_run import describe

        click.echo(describe(chosen, out, workers, [*_RUNS.glob("*/")]))
        return
    from bench import report, running

    running.run(chosen, out, workers=workers, import_files=files)
    click.echo(report.write(out, {task: chosen.metric_for(task) for task in chosen.tasks}))


@main.command()
@_DIRS
@click.option("--metric", default="anytime", show_default=True)
@click.option(
    "--format", "form", type=click.Choice(["text", "md", "csv", "latex", "json"]), default="text"
)
def leaderboard(dirs, metric, form) -> None:
    """One row per optimizer over the runs in DIRS."""
    from bench.leaderboard import leaderboard, render

    click.echo(render(leaderboard(list(dirs), metric), form))


@main.command()
@_DIRS
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), default="csv")
def curves(dirs, form) -> None:
    """Recorded losses, tidy: task, optimizer, seed, step, loss."""
    from bench.leaderboard import curves

    frame = curves(list(dirs))
    if form == "csv":
        click.echo(frame.to_csv(index=False), nl=False)
    else:
        frame.to_parquet(sys.stdout.buffer, index=False)


@main.command()
@click.argument("optimizer")
@click.option("--task", required=True)
@click.option("--probe", "probes", multiple=True, metavar="P", help="Only this probe; repeatable.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="A run's folder: probe the θ tuned there, keep the reading.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@_IMPORT
def probe(optimizer, task, probes, out, form, files) -> None:
    """What the mechanism probes find in OPTIMIZER on problems of a task; controls run first."""
    _load(files)
    from bench import names, probing, report

    subject, entry = names.named_task(task), names.entry(optimizer)
    theta = _recorded_theta(out, subject.name, entry) or names.theta(entry, None)
    readings = probing.probe(subject, entry, theta, probes=probes or None)
    if out is not None:
        probing.write_readings(subject, entry, theta, readings, out, steps=200)
    plain = {name: reading.to_json() for name, reading in readings.items()}
    click.echo(
        json.dumps(plain, indent=1)
        if form == "json"
        else report.readings_text(entry.name, subject.name, plain)
    )


def command_line() -> None:
    """Run the command; see bench.command_line."""
    run_command(main, "python -m bench", _check_siblings)


def _check_siblings() -> None:
    import optimizers
    import tasks

    folders = {Path(str(package.__file__)).parents[1] for package in (optimizers, tasks)}
    here = Path(__file__).parents[1]
    if folders != {here}:
        raise UserError(
            f"tasks or optimizers come from {folders}, not from {here}; run from the checkout"
        )


def _load(files, tensorflow: bool = True) -> None:
    from bench import runtime

    if tensorflow:
        runtime.load_tensorflow()
    elif files:
        runtime.prepare()
    imports.load_plugins()
    imports.load_files(files)


def _recorded_theta(out, task: str, entry):
    from bench.store import Store

    if out is None or not Path(out).exists() or not entry.space:
        return None
    found = (
        r for r in Store(out).records() if r.cell.task == task and r.cell.optimizer == entry.name
    )
    return next((record.thetas.get("mean_loss") for record in found), None)
