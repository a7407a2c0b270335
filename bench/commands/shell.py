"""Running the command for a person: a mistake is one line on standard error and exit code 2, a stop is 130."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import NoReturn

import click

import optimizers
import tasks
from bench import stops
from bench.commands.group import main
from bench.errors import UserError

STOPPED = "stopped; what is finished is kept, the same command goes on from there"


def run() -> None:
    """Run `python -m bench` on this process's arguments, and exit. Raises SystemExit.

    A termination (of a cluster's queue, say) is a stop like Ctrl-C.
    """
    stops.listen(last_words=STOPPED)
    try:
        _check_siblings()
        _exit(main(prog_name="python -m bench", standalone_mode=False) or 0)
    except SystemExit as end:
        _exit(end.code if isinstance(end.code, int) else 1)
    except (UserError, tasks.TaskError, optimizers.OptimizerError) as mistake:
        _refuse(str(mistake))
    except click.ClickException as mistake:
        context = getattr(mistake, "ctx", None)
        where = f"; see {context.command_path} --help" if context else ""
        _refuse(" ".join(mistake.format_message().split()).rstrip(".") + where)
    except (click.Abort, KeyboardInterrupt):
        click.echo(STOPPED, err=True)
        _exit(stops.STOPPED)


def _exit(code: int) -> NoReturn:
    """End the process, whatever threads foreign code has left running."""
    if any(t is not threading.main_thread() and not t.daemon for t in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _check_siblings() -> None:
    folders = {Path(str(package.__file__)).parents[1] for package in (optimizers, tasks)}
    here = Path(__file__).parents[2]
    if folders != {here}:
        raise UserError(f"tasks or optimizers come from {folders}, not from {here}; run from the checkout")


def _refuse(mistake: str) -> None:
    click.echo(f"error: {mistake}", err=True)
    _exit(2)
