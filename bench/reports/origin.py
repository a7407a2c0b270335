"""What a run's folder was made by, kept in it: suite, commands, and the metric of each task's own table."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from bench.records import sealed
from bench.scores.metrics import METRICS

FILE = "suite.json"


class Origin(NamedTuple):
    """`metrics`: {task: metric of its own table}; `commands` in the order in which they were first given; `suite`: its
    name, of several folders all names.
    """

    metrics: dict[str, str]
    commands: list[str]
    suite: str = ""


def keep(out: Path, suite: str, metrics: Mapping[str, str], command: str) -> None:
    """Add to what `out` was made by. Raises UserError if it cannot be written."""
    known = of(out)
    put(out, Origin({**known.metrics, **metrics}, list(dict.fromkeys([*known.commands, command])), suite))


def put(out: Path, made: Origin) -> None:
    """Make this all that is kept of what `out` was made by. Raises UserError if it cannot be written."""
    sealed.write(out / FILE, made._asdict())


def of(out: Path) -> Origin:
    """What one folder was made by; empty where nothing is kept of it."""
    held = sealed.read(Path(out) / FILE, "it is left out; the same run makes it again") or {}
    metrics, commands = held.get("metrics"), held.get("commands")
    known = metrics.items() if isinstance(metrics, dict) else ()
    said = [str(command) for command in commands or []]
    return Origin({str(t): m for t, m in known if m in METRICS}, said, str(held.get("suite") or ""))


def of_all(folders: Iterable[Path]) -> Origin:
    """The same of several folders; of two that differ on a task the first counts."""
    found = [of(folder) for folder in folders]
    metrics: dict[str, str] = {}
    for each in reversed(found):
        metrics |= each.metrics
    commands = dict.fromkeys(command for each in found for command in each.commands)
    suites = dict.fromkeys(each.suite for each in found if each.suite)
    return Origin(metrics, list(commands), " + ".join(suites))


class Needs(NamedTuple):
    """What has to be named besides a task and an optimizer to run them again, as `commands` named it: plug-in files
    and suites in TOML for --import, {name of an entry: its weights file}.
    """

    files: list[str]
    weights: dict[str, str]


def needs(commands: Iterable[str]) -> Needs:
    """What of its commands a folder's cells need."""
    files: dict[str, None] = {}
    weights: dict[str, str] = {}
    for words in map(shlex.split, commands):
        files |= dict.fromkeys(word for option, word in pairwise(words) if option == "--import")
        files |= dict.fromkeys(word for option, word in pairwise(words) if option == "run" and word.endswith(".toml"))
        for option, word in pairwise(words):
            if option == "--optimizers":
                weights |= {Path(name).stem: name for name in word.split(",") if name.endswith(".npz")}
    return Needs(list(files), weights)


def run_command(suite: str, options: Mapping[str, Any], files: Iterable[str] = ()) -> str:
    """`python -m bench run SUITE --name value … --import FILE …`, of the options that are given."""
    given = [*options.items(), *(("import", file) for file in files)]
    words = [(f"--{name}", str(value)) for name, value in given if value is not None]
    return shlex.join(["python", "-m", "bench", "run", suite, *(word for pair in words for word in pair)])
