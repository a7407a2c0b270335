"""Options that several verbs take, and what has to be loaded before a verb looks anything up."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from bench.engine import process
from bench.lookup import plugins

PATH: Any = click.Path(path_type=Path)
FOLDER: Any = click.Path(path_type=Path, exists=True, file_okay=False)

import_files = click.option(
    "--import", "files", multiple=True, metavar="FILE", help="Python file with tasks or optimizers."
)
dirs = click.argument("dirs", nargs=-1, required=True, type=PATH)
steps = click.option("--steps", type=int, default=200, show_default=True, help="Gradient evaluations a run.")
workers = click.option("--workers", type=int, default=os.cpu_count() or 1, show_default="cores", help="Processes.")
dry_run = click.option("--dry-run", is_flag=True, help="Print the cells and the expected time.")


def formats(*names: str) -> Any:
    """The option `--format`, the first name by default."""
    return click.option("--format", "form", type=click.Choice(names), default=names[0], show_default=True)


def load(files: Iterable[str] = (), *, tensorflow: bool = True) -> None:
    """TensorFlow if wanted, installed plug-ins, and `files` given with --import. Raises UserError."""
    if tensorflow:
        process.load_tensorflow()
    elif files:
        process.prepare()
    plugins.load_plugins()
    plugins.load_files(files)
