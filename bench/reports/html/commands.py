"""The line that makes each part of the page again from the same folders."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path


def shown(folders: Iterable[Path]) -> str:
    """Folders as they stand in a command."""
    return " ".join(shlex.quote(str(folder)) for folder in folders)


def python(code: str) -> str:
    """`python -c '…'`."""
    return f"python -c {shlex.quote(code)}"


def task_table(folders: list[Path], task: str, metric: str) -> str:
    frame = f"per_task({paths(folders)}, {metric!r})"
    return python(
        f"from bench.scores.leaderboard import per_task; t = {frame}; print(t[t['task'] == {task!r}].to_string())"
    )


def verdicts(folders: list[Path], metrics: Mapping[str, str]) -> str:
    imported = "from bench.scores.verdicts import verdicts"
    return python(f"{imported}; print(verdicts({paths(folders)}, {dict(metrics)!r}).to_string())")


def ledger(folders: list[Path]) -> str:
    imported = "from bench.reports.costs import ledger; from bench.scores.results import load"
    return python(f"{imported}; print(ledger(load({paths(folders)})))")


def profiles(folders: list[Path], kind: str) -> str:
    """`kind`: ecdf or profile."""
    imported = "import pandas; from bench.scores.profiles import *; from bench.scores.results import load"
    return python(f"{imported}; p = {kind}(load({paths(folders)})); print(pandas.DataFrame(p.lines, p.x).to_string())")


def trials(folders: list[Path], task: str, metric: str) -> str:
    imported = "from bench.scores.profiles import *; from bench.scores.metrics import get"
    loaded = (
        f"from bench.scores.results import load; c = trial_curves(load({paths(folders)}), {task!r}, get({metric!r}))"
    )
    return python(f"{imported}; {loaded}; print(*c.items(), sep='\\n')")


def paths(folders: list[Path]) -> str:
    """Folders as a Python list."""
    return repr([str(folder) for folder in folders])
