"""`python -m bench check`: one line per subject when all is well, what to change otherwise."""

from __future__ import annotations

import json
import sys

import click
from tqdm import tqdm

from bench.checks import check_subject
from bench.checks.result import Result, text
from bench.checks.subjects import everything, find, only
from bench.commands import options
from bench.lookup.syntax import names

_FORM = "{desc}: {percentage:3.0f}%|{bar}| {n}/{total} [{elapsed}{postfix}]"


@click.command()
@click.argument("things", nargs=-1, metavar="[FILE|NAME]...")
@click.option("--tasks", help="Comma-separated names.")
@click.option("--optimizers", help="Comma-separated names.")
@options.import_files
@options.formats("text", "json")
def command(
    things: tuple[str, ...], tasks: str | None, optimizers: str | None, files: tuple[str, ...], form: str
) -> None:
    """Check tasks and optimizers against their contract; everything if none is named.

    A FILE means everything that it registers. Exit code 0: all passed; 1: a check failed; 2: nothing could be checked.
    """
    results = _run(things, tasks, optimizers, files)
    plain = [result._asdict() for result in results]
    click.echo(json.dumps(plain, indent=1) if form == "json" else text(results))
    sys.exit(not all(result.passed for result in results))


def _run(things: tuple[str, ...], tasks: str | None, optimizers: str | None, files: tuple[str, ...]) -> list[Result]:
    options.load(files)

    wanted = only(names(tasks), "task") + only(names(optimizers), "optimizer")
    subjects = find(things) + wanted if things or wanted else everything()
    results = []
    with tqdm(subjects, desc="checks", bar_format=_FORM) as bar:
        for subject in bar:
            bar.set_postfix_str(subject.name)
            results += check_subject(subject)
    return results
