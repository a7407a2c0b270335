"""`python -m bench check`: one line per subject when all is well, what to change otherwise."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

import click
from tqdm import tqdm

from bench.checks.result import Result
from bench.commas import names


@click.command()
@click.argument("things", nargs=-1, metavar="[FILE|NAME]...")
@click.option("--tasks", help="Comma-separated names.")
@click.option("--optimizers", help="Comma-separated names.")
@click.option(
    "--import", "files", multiple=True, metavar="FILE", help="Python file with tasks or optimizers."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def check(things, tasks, optimizers, files, form) -> None:
    """Check tasks and optimizers against their contract; everything if none is named.

    A FILE stands for what it registers. Exit code 0: all passed; 1: a check failed; 2: nothing could be checked.
    """
    results = _run(things, tasks, optimizers, files)
    click.echo(
        json.dumps([result._asdict() for result in results], indent=1)
        if form == "json"
        else text(results)
    )
    sys.exit(not all(result.passed for result in results))


def text(results: Iterable[Result]) -> str:
    """One line per subject, below it a line per failed check, at the end a count."""
    lines, groups = [], _by_subject(results)
    for (kind, name), group in groups.items():
        failed = [result for result in group if not result.passed]
        state = "FAILED" if failed else "ok"
        lines.append(
            f"{state:7} {kind:10} {name}  ({len(group) - len(failed)} of {len(group)} checks)"
        )
        lines += [f"        {result.check}: {result.text}" for result in failed]
    broken = sum(any(not result.passed for result in group) for group in groups.values())
    total = f"{len(groups)} checked, " + (f"{broken} failed" if broken else "all passed")
    return "\n".join([*lines, total])


def _run(things, tasks, optimizers, files) -> list[Result]:
    from bench import imports, runtime

    runtime.load_tensorflow()
    imports.load_plugins()
    imports.load_files(files)
    from bench.checks import check_subject
    from bench.checks.subjects import everything, find, only

    wanted = only(names(tasks), "task") + only(names(optimizers), "optimizer")
    subjects = find(things) + wanted if things or wanted else everything()
    results = []
    with tqdm(subjects, desc="checks", unit="") as bar:
        for subject in bar:
            bar.set_postfix_str(subject.name)
            results += check_subject(subject)
    return results


def _by_subject(results: Iterable[Result]) -> dict[tuple[str, str], list[Result]]:
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.kind, result.subject), []).append(result)
    return groups
