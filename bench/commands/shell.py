"""Running the command for a person: a mistake is one line on standard error and exit code 2, a stop is 130."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from pathlib import Path

import click

import optimizers
import tasks
from bench import stops, terminal
from bench.checks.result import one_line
from bench.commands.group import main
from bench.errors import UserError
from bench.lookup import plugins
from optimizers.syntax import nearest


def run(name: str = "python -m bench") -> None:
    """Run the command, called by `name`, on this process's arguments, and exit. Raises SystemExit.

    A termination (of a cluster's queue, say) is a stop like Ctrl-C. Threads that foreign code left end with it, and a
    stop does not wait for Python to take them apart.
    """
    stops.listen(last_words=stops.LAST_WORDS, grace=stops.PATIENCE)
    threads = set(threading.enumerate())
    code = _written(_done(name))
    left = set(threading.enumerate()) - threads
    if left and (code == stops.STOPPED or any(not thread.daemon for thread in left)):
        sys.stderr.flush()
        os._exit(code)
    stops.end_at_once()
    sys.exit(code)


def _written(code: int) -> int:
    """The exit code, when everything that was said is out: another one where it cannot be."""
    try:
        terminal.flush()
    except terminal.OutputLost as lost:
        return code or _lost(lost)
    return code


def _lost(lost: terminal.OutputLost) -> int:
    return terminal.BROKEN_PIPE if lost.reader_gone else _refused(str(lost))


def _done(name: str) -> int:
    """The exit code of the command, which has said why it is not 0."""
    try:
        return main(prog_name=name, standalone_mode=False) or 0
    except terminal.OutputLost as lost:
        return _lost(lost)
    except (UserError, tasks.TaskError, optimizers.OptimizerError) as mistake:
        return _refused(str(mistake))
    except click.ClickException as mistake:
        return _refused(_said(mistake))
    except (click.Abort, KeyboardInterrupt, SystemExit) as end:
        return _ended(end)
    except Exception as problem:
        if not plugins.place(problem):  # then it is a bug of ours
            raise
        return _refused(one_line(problem))


def _ended(end: BaseException) -> int:
    """A stop that was asked for, an exit code of our own, or other people's code that ended Python."""
    if isinstance(end, click.Abort):  # click's word for a KeyboardInterrupt
        end = end.__cause__ or end
    place = traceback.extract_tb(end.__traceback__)[-1]
    if isinstance(end, click.Abort) or stops.meant(end):
        stops.say()
        return stops.STOPPED
    ours = {Path(__file__).parent, Path(click.__file__).parent}  # click ends so where a shell asks for completion
    if isinstance(end, SystemExit) and ours & {*Path(place.filename).parents}:
        return int(end.code or 0)
    where, what = f"{place.filename}, line {place.lineno}", f"{type(end).__name__}: {end}"
    return _refused(f"{where}, ends Python ({what}); let it raise an error instead")


def _said(mistake: click.ClickException) -> str:
    """What was wrong, the nearest that is right, and where to look."""
    said = " ".join(mistake.format_message().split()).rstrip(".")
    if isinstance(mistake, click.NoSuchOption):
        said = f"No such option {mistake.option_name!r}{nearest(mistake.option_name, mistake.possibilities or ())}"
    context = getattr(mistake, "ctx", None)
    where = f"{' See' if said.endswith('?') else '; see'} {getattr(context, 'command_path', '')} --help"
    return said + where if context else said


def _refused(mistake: str) -> int:
    click.echo(f"error: {terminal.shown(mistake)}", err=True)
    return 2
