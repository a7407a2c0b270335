"""Options that several verbs take, and what has to be loaded before a verb looks anything up."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from bench.commands import kinds
from bench.engine import process
from bench.errors import UserError, check_count
from bench.lookup import plugins
from bench.lookup.syntax import names
from bench.suites import toml

PATH: Any = click.Path(path_type=Path)
FOLDER: Any = click.Path(path_type=Path, exists=True, file_okay=False)

import_files = click.option(
    "--import",
    "files",
    multiple=True,
    metavar="FILE",
    help="Python file with tasks or optimizers, or a suite in TOML that names some.",
)
dirs = click.argument("dirs", nargs=-1, required=True, type=PATH)
_QUICK = Path("results/reference/quick")
steps = click.option("--steps", type=kinds.COUNT, default=200, show_default=True, help="Gradient evaluations a run.")
runs = click.option(
    "--runs",
    type=kinds.InFolder([_QUICK]),
    default=_QUICK,
    show_default=True,
    help="Folder of a run. Its cells are read instead of run again if they have the same budget.",
)
mix = click.option("--mix", is_flag=True, help="Allow cells from several kinds of machine in one table.")
raced_weights = click.option(
    "--weights",
    multiple=True,
    type=kinds.InFile(),
    metavar="FILE",
    help="Weights file of an entry that was raced by its file.",
)


def sample(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--sample N` or `--all`: how many finished cells of a folder are run again."""
    number = click.option("--sample", type=kinds.COUNT, default=5, show_default=True, help="Cells to run again.")
    return number(click.option("--all", "everything", is_flag=True, help="All of them.")(command))


def _either(context: click.Context, option: click.Parameter, value: Any) -> Any:
    """Refuses --workers beside --dask: a click callback of both."""
    given = context.meta.setdefault("optoscope.workers", [])
    if context.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE:
        given.append(option.opts[0])
    if len(given) > 1:
        raise UserError(
            f"{' and '.join(given)} exclude each other: how many work on a cluster is the cluster's; leave one"
        )
    return value


def workers_or_dask(default: int = os.cpu_count() or 1, shown: str | bool = "cores", about: str = "Processes.") -> Any:
    """The options `--workers` and `--dask`, of which one may be given."""

    def both(command: Any) -> Any:
        about_dask = "Scheduler of a Dask cluster, tcp://host:8786 or a scheduler file, whose workers do the work."
        dask = click.option("--dask", metavar="ADDRESS", callback=_either, help=about_dask)
        count = click.option(
            "--workers", type=kinds.COUNT, default=default, show_default=shown, callback=_either, help=about
        )
        return count(dask(command))

    return both


def lanes(workers: int, dask: str | None) -> int:
    """Jobs done at a time: `workers`, or as many as the cluster has threads. Raises UserError where none answers."""
    if dask is None:
        return check_count("workers", workers)
    from bench.running import cluster

    return max(1, cluster.check(dask))


workers = click.option(
    "--workers", type=kinds.COUNT, default=os.cpu_count() or 1, show_default="cores", help="Processes."
)
dry_run = click.option("--dry-run", is_flag=True, help="Print what it would do and the expected time, and stop.")


def formats(*known: str) -> Any:
    """The option `--format`, the first name by default."""
    return click.option("--format", "form", type=click.Choice(known), default=known[0], show_default=True)


def output(*known: str) -> Any:
    """The options `--format` and `--out` of a verb that writes a frame, the first format by default."""

    def both(command: Any) -> Any:
        form = click.option("--format", "form", type=click.Choice(known), help=f"Default: by --out, else {known[0]}.")
        out = click.option("--out", type=kinds.OutFile(), help="File to write; default standard output.")
        return form(out(command))

    return both


def selection(command: Callable[..., Any]) -> Any:
    """DIRS and what narrows them; the command is handed the Results that are left, before its other arguments."""

    @functools.wraps(command)
    def selected(
        dirs: Any, tasks: Any, optimizers: Any, family: Any, budget: Any, mix: Any, files: Any, **rest: Any
    ) -> Any:
        load(files, tensorflow=False)
        return command(narrowed(dirs, tasks, optimizers, family, budget, mix), **rest)

    for option in (import_files, mix, _BUDGET, _FAMILY, _OPTIMIZERS, _TASKS, dirs):
        selected = option(selected)
    return selected


def narrowed(
    dirs: Iterable[Path],
    tasks: str | None = None,
    optimizers: str | None = None,
    family: str | None = None,
    budget: str | None = None,
    mix: bool = False,
) -> Any:
    """The Results in `dirs` of what the options of `selection` mean. Raises UserError."""
    from bench.scores import budgets, choose, results

    found = results.load(list(dirs), budgets.parse(budget), mix=mix)
    return choose.narrow(found, names(tasks), names(optimizers), names(family))


_TASKS = click.option("--tasks", help="Only these: names, patterns, tag:T or cost:C between commas.")
_OPTIMIZERS = click.option("--optimizers", help="Only these: names, patterns or kind:K between commas.")
_FAMILY = click.option("--family", help="Only tasks of these families, between commas.")
_BUDGET = click.option(
    "--budget", help="If there are several budgets, the one to read, such as steps=200,trials=64,seeds=128."
)


def load(files: Collection[str] = (), *, tensorflow: bool = True) -> None:
    """TensorFlow if wanted, installed plug-ins, and `files` given with --import, in TOML suites' own. UserError."""
    if tensorflow:
        process.load_tensorflow()
    elif files:
        process.prepare()
    plugins.load_plugins()
    suites = [path for path in files if path.endswith(".toml")]
    plugins.load_files(path for path in files if path not in suites)
    for path in suites:
        toml.read(path)
