"""Running a click command for a person: a mistake is one line on standard error and exit code 2, a stop is 130."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

import click

from bench.errors import UserError


def run(command: click.Command, name: str, before: Callable[[], None] = lambda: None) -> None:
    """Run `command`, shown as `name`, after `before`, and exit. Raises SystemExit.

    A termination (of a cluster's queue, say) is a stop like Ctrl-C.
    """
    import optimizers
    import tasks

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        before()
        sys.exit(command(prog_name=name, standalone_mode=False))
    except (UserError, tasks.TaskError, optimizers.OptimizerError) as mistake:
        _refuse(str(mistake))
    except click.ClickException as mistake:
        context = getattr(mistake, "ctx", None)
        where = f"; see {context.command_path} --help" if context else ""
        _refuse(" ".join(mistake.format_message().split()).rstrip(".") + where)
    except (click.Abort, KeyboardInterrupt):
        click.echo(
            "stopped; what is finished is kept, the same command goes on from there", err=True
        )
        sys.exit(130)


def _refuse(mistake: str) -> None:
    click.echo(f"error: {mistake}", err=True)
    sys.exit(2)
