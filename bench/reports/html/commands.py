"""The line that makes each part of the page again from the same folders.

Python in it quotes with `"`, so that a shell's `'` can stand around it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.records.record import Cell


def shown(folders: Iterable[Path]) -> str:
    """Folders as they stand in a command."""
    return " ".join(shlex.quote(str(folder)) for folder in folders)


def python(code: str) -> str:
    """`python -c '…'`."""
    return f"python -c {shlex.quote(code)}"


def cell(made: Cell) -> str:
    """The same task, optimizer and budget in a new folder; the suite only names what is overridden."""
    numbers = ", ".join(f"{name}={count}" for name, count in asdict(made.budget).items())
    what = f"tasks=[{literal(made.task)}], optimizers=[{literal(made.optimizer)}]"
    return python(f'import bench; bench.run("smoke", "again", {what}, {numbers})')


def task_table(folders: list[Path], task: str, metric: str) -> str:
    frame = f"t = per_task({paths(folders)}, {literal(metric)})"
    rows = f't[t["task"] == {literal(task)}].to_string()'
    return python(f"from bench.scores.leaderboard import per_task; {frame}; print({rows})")


def verdicts(folders: list[Path], metrics: Mapping[str, str]) -> str:
    imported = "from bench.scores.verdicts import verdicts"
    return python(f"{imported}; print(verdicts({paths(folders)}, {literal(dict(metrics))}).to_string())")


def ledger(folders: list[Path]) -> str:
    imported = "from bench.reports.costs import ledger; from bench.scores.results import load"
    return python(f"{imported}; print(ledger(load({paths(folders)})))")


def profiles(folders: list[Path], kind: str) -> str:
    """`kind`: ecdf or profile."""
    imported = f"import pandas; from bench.scores.profiles import {kind}; from bench.scores.results import load"
    return python(f"{imported}; p = {kind}(load({paths(folders)})); print(pandas.DataFrame(p.lines, p.x).to_string())")


def trials(folders: list[Path], task: str, metric: str) -> str:
    names = (("profiles", "trial_curves"), ("metrics", "get"), ("results", "load"))
    imported = "; ".join(f"from bench.scores.{module} import {name}" for module, name in names)
    curves = f"trial_curves(load({paths(folders)}), {literal(task)}, get({literal(metric)}))"
    return python(f'{imported}; print(*{curves}.items(), sep="\\n")')


def paths(folders: list[Path]) -> str:
    """Folders as a Python list."""
    return literal([str(folder) for folder in folders])


def literal(value: Any) -> str:
    """Text, lists and mappings of text as Python that has no `'` of its own."""
    return json.dumps(value, ensure_ascii=False)
