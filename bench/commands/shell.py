"""Running the command for a person: a mistake is one line on standard error and exit code 2, a stop is 130."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

import optimizers
import tasks
from bench.commands.group import main
from bench.errors import UserError


def run() -> None:
    """Run `python -m bench` on this process's arguments, and exit. Raises SystemExit.

    A termination (of a cluster's queue, say) is a stop like Ctrl-C.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _check_siblings()
        sys.exit(main(prog_name="python -m bench", standalone_mode=False))
    except (UserError, tasks.TaskError, optimizers.OptimizerError) as mistake:
        _refuse(str(mistake))
    except click.ClickException as mistake:
        context = getattr(mistake, "ctx", None)
        where = f"; see {context.command_path} --help" if context else ""
        _refuse(" ".join(mistake.format_message().split()).rstrip(".") + where)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; what is finished is kept, the same command goes on from there", err=True)
        sys.exit(130)


def _check_siblings() -> None:
    folders = {Path(str(package.__file__)).parents[1] for package in (optimizers, tasks)}
    here = Path(__file__).parents[2]
    if folders != {here}:
        raise UserError(f"tasks or optimizers come from {folders}, not from {here}; run from the checkout")


def _refuse(mistake: str) -> None:
    click.echo(f"error: {mistake}", err=True)
    sys.exit(2)
