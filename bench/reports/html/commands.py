"""The line that makes each part of the page again from the same folders.

Python in it quotes with `"`, so that a shell's `'` can stand around it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from bench.records.record import Cell
from bench.reports.origin import Needs


class Source(NamedTuple):
    """What a page is of: folders, and whether their cells come from several kinds of machine."""

    folders: list[Path]
    mixed: bool = False

    @property
    def words(self) -> str:
        """As it stands in a command."""
        return " ".join([*(shlex.quote(str(folder)) for folder in self.folders), *["--mix"] * self.mixed])

    @property
    def value(self) -> str:
        """As it stands in Python."""
        paths = literal([str(folder) for folder in self.folders])
        return f'__import__("bench.scores.results", fromlist=["load"]).load({paths}, mix=True)' if self.mixed else paths


def python(code: str) -> str:
    """`python -c '…'`."""
    return f"python -c {shlex.quote(code)}"


def cell(made: Cell, needs: Needs) -> str:
    """The same task, optimizer and budget in a new folder; the suite only names what is overridden."""
    numbers = ", ".join(f"{name}={count}" for name, count in asdict(made.budget).items())
    entry = needs.weights.get(made.optimizer, made.optimizer)
    what = f"tasks=[{literal(made.task)}], optimizers=[{literal(entry)}], {numbers}"
    if not needs.files:
        return python(f'import bench; bench.run("smoke", "again", {what})')
    known = f"from bench.running.worker import begin; files = {literal(needs.files)}; begin(files)"
    return python(f'import bench; {known}; bench.run("smoke", "again", {what}, import_files=files)')


def probe(optimizer: str, task: str, needs: Needs, tuned: Path | None = None) -> str:
    """`tuned`: the folder whose settings are read."""
    entry = needs.weights.get(optimizer, optimizer)
    words = ["python", "-m", "bench", "probe", entry, "--task", task, *(["--out", str(tuned)] if tuned else [])]
    return shlex.join([*words, *(word for file in needs.files for word in ("--import", file))])


def task_table(source: Source, task: str, metric: str) -> str:
    frame = f"t = per_task({source.value}, {literal(metric)})"
    rows = f't[t["task"] == {literal(task)}].to_string()'
    return python(f"from bench.scores.leaderboard import per_task; {frame}; print({rows})")


def verdicts(source: Source, metrics: Mapping[str, str]) -> str:
    imported = "from bench.scores.verdicts import verdicts"
    return python(f"{imported}; print(verdicts({source.value}, {literal(dict(metrics))}).to_string())")


def ledger(source: Source) -> str:
    imported = "from bench.reports.costs import ledger; from bench.scores.results import load"
    return python(f"{imported}; print(ledger(load({source.value})))")


def profiles(source: Source, kind: str) -> str:
    """`kind`: ecdf or profile."""
    imported = f"import pandas; from bench.scores.profiles import {kind}; from bench.scores.results import load"
    return python(f"{imported}; p = {kind}(load({source.value})); print(pandas.DataFrame(p.lines, p.x).to_string())")


def trials(source: Source, task: str, metric: str) -> str:
    names = (("profiles", "trial_curves"), ("metrics", "get"), ("results", "load"))
    imported = "; ".join(f"from bench.scores.{module} import {name}" for module, name in names)
    curves = f"trial_curves(load({source.value}), {literal(task)}, get({literal(metric)}))"
    return python(f'{imported}; print(*{curves}.items(), sep="\\n")')


def literal(value: Any) -> str:
    """Text, lists and mappings of text as Python that has no `'` of its own."""
    return json.dumps(value, ensure_ascii=False)
