"""A suite of the user's own, as a TOML file; a mistake in it names the file, the line and the remedy.

name = "mine"                        # optional, the file's name otherwise; also the folder of its results
about = "what it is for"             # optional
import = ["mine.py"]                 # optional: Python files with tasks or optimizers, from this file's folder
tasks = ["rosenbrock", "tag:convex"]
optimizers = ["adam", "gru-*", "kind:learned"]
cell_timeout = 600                   # optional: seconds, and MiB of memory, at which a cell is ended
cell_memory = 4000

[tasks.mine]                         # optional: a Keras model as a task; then `names` in [tasks] lists the others
build = "models.py:build"
data = "points.npz"
loss = "mse"                         # batch, metric and validation as in tasks.KerasTask, optional

[metrics]                            # optional: what a task's own table is about; else mean_loss
rosenbrock = "mean_log"

[budget]                             # optional, as is each number
steps = 200
seeds = 128
trials = 64
tuning_seeds = 16
finalists = 5                        # the best trials by each metric, raced again on
recheck_seeds = 64                   # so many fresh problems; 0: no re-check

[budgets."cost:heavy"]               # optional: where tasks differ from [budget]
trials = 16
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import tasks
from bench.engine import process
from bench.errors import UserError
from bench.lookup import plugins
from bench.lookup.selectors import is_selector, select_optimizers, select_tasks, task_matches
from bench.records.record import RECHECK, Budget
from bench.scores import measures, metrics
from bench.suites.suite import Limits, Suite, limits, with_counts
from bench.suites.toml_file import load
from optimizers import OptimizerError
from optimizers.syntax import nearest
from tasks import TaskError

_KEYS = ("name", "about", "tasks", "optimizers", "import", "metrics", "budget", "budgets")
_LIMITS = ("cell_timeout", "cell_memory")
_COUNTS = tuple(field.name for field in dataclasses.fields(Budget))
_LONGEST = 1000
"""Letters of a mistake, which may quote the file."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def read(path: Path | str) -> Suite:
    """The suite in the file `path`; raises UserError."""
    text, table = load(path)
    return _suite(_File(Path(path), text), table)


@dataclasses.dataclass(frozen=True)
class _File:
    path: Path
    text: str

    def mistake(self, reason: str, *words: str) -> UserError:
        """What is wrong, with the line on which `words`, from the outermost key inwards, stand."""
        said = reason if len(reason) <= _LONGEST else f"{reason[:_LONGEST]}…"
        return UserError(f"{self.path}, line {line_of(self.text, *words)}: {said}")


def line_of(text: str, *words: str) -> int:
    """Number of the line where `words` are found one after the other, from 1; the first begins a line."""
    lines = [line if not line.lstrip().startswith("#") else "" for line in text.splitlines()]
    at = 0
    for i, word in enumerate(words):
        start = r"^\s*\[{0,2}\s*[\"']?" if i == 0 else r"(?<![\w*:.-])"
        pattern = re.compile(start + re.escape(word) + r"(?![\w*:-])")
        at = next((n for n in range(at, len(lines)) if pattern.search(lines[n])), at)
    return at + 1


def _suite(file: _File, table: dict[str, Any]) -> Suite:
    _check_keys(file, table, (*_KEYS, *_LIMITS))
    for needed in ("tasks", "optimizers"):
        if needed not in table:
            raise file.mistake(f'{needed} is missing; add, e.g., {needed} = ["{_EXAMPLE[needed]}"]')
    imported = _imported(file, table)
    chosen = _chosen_tasks(file, table)
    entries = _selected(file, table, "optimizers", select_optimizers)
    default = _budget(file, table.get("budget", {}), Budget(), "budget")
    budgets = {
        key: _budget(file, value, default, "budgets", key)
        for key, value in _by_task(file, table, "budgets", chosen).items()
    }
    scored = _by_task(file, table, "metrics", chosen)
    for key, metric in scored.items():
        if not isinstance(metric, str) or metric not in metrics.METRICS:
            raise file.mistake(_not_a_metric(metric), "metrics", key)
    name, about = _name(file, table), table.get("about", "")
    if not isinstance(about, str):
        raise file.mistake(f"about must be text, not {about!r}", "about")
    own = (str(file.path.resolve()),) if isinstance(table["tasks"], dict) else ()
    return Suite(name, chosen, entries, default, budgets, scored, about, (*imported, *own), _limits(file, table))


def _imported(file: _File, table: dict[str, Any]) -> tuple[str, ...]:
    """Paths of the Python files that the suite names, each run now."""
    given = table.get("import", [])
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise file.mistake('import must be a list of Python files, e.g. ["mine.py"]', "import")
    if given:
        process.prepare()
    paths = {name: file.path.parent / name for name in given}
    for name, path in paths.items():
        try:
            plugins.load_file(path)
        except UserError as mistake:
            raise file.mistake(str(mistake), "import", name) from None
    return tuple(str(path.resolve()) for path in paths.values())


def _limits(file: _File, table: dict[str, Any]) -> Limits:
    try:
        return limits(table.get("cell_timeout"), table.get("cell_memory"))
    except UserError as mistake:
        raise file.mistake(str(mistake), str(mistake).split()[0]) from None


def _not_a_metric(name: Any) -> str:
    """Why a task's table cannot be about it, and what it can be about."""
    known = ", ".join(metrics.METRICS)
    if name in measures.MEASURES:
        return (
            f"tuning does not select by {name!r}, so no task's table can be about it; choose one of {known}, and see "
            f"{name} afterwards: python -m bench leaderboard DIR --metric {name}"
        )
    return f"unknown metric {name!r}; known: {known}{nearest(str(name), metrics.METRICS)}"


_EXAMPLE = {"tasks": "rosenbrock", "optimizers": "adam", "build": "models.py:build", "data": "points.npz"}
_KERAS = ("build", "data", "loss", "batch", "metric", "validation")
"""Keys of a table [tasks.name]."""


def _name(file: _File, table: dict[str, Any]) -> str:
    name = table.get("name", file.path.stem)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise file.mistake(f"name {name!r} cannot name a folder; use letters, digits, '-' and '_'", "name")
    return name


def _check_keys(file: _File, table: Any, known: Iterable[str], *path: str) -> None:
    if not isinstance(table, dict):
        raise file.mistake(f"{path[0]} must be a table with {', '.join(known)}", *path)
    for key in table:
        if key not in known:
            hint = nearest(key, known)
            raise file.mistake(f"unknown key {key!r}; known: {', '.join(known)}{hint}", *path, key)


def _selected(
    file: _File, table: dict[str, Any], key: str, select: Callable[[Any], tuple[Any, ...]]
) -> tuple[Any, ...]:
    values = table[key]
    if not isinstance(values, list) or not values or not all(isinstance(v, str) for v in values):
        raise file.mistake(f'{key} must be a list of names, e.g. ["{_EXAMPLE[key]}"]', key)
    for value in values:
        try:
            select([value])
        except (UserError, TaskError, OptimizerError) as mistake:
            raise file.mistake(str(mistake), key, value) from None
    return select(values)


def _chosen_tasks(file: _File, table: dict[str, Any]) -> tuple[Any, ...]:
    """Tasks by name, or those a table [tasks] names and defines."""
    given = table["tasks"]
    if not isinstance(given, dict):
        return _selected(file, table, "tasks", select_tasks)
    defined = tuple(_keras_task(file, name, about) for name, about in given.items() if name != "names")
    named = _selected(file, {"tasks": given["names"]}, "tasks", select_tasks) if "names" in given else ()
    if not named and not defined:
        raise file.mistake("[tasks] is empty; define [tasks.mine], or list names", "tasks")
    return (*named, *defined)


def _keras_task(file: _File, name: str, about: Any) -> str:
    """The name of the task that the table [tasks.name] defines, now registered."""
    _check_keys(file, about, _KERAS, "tasks", name)
    for needed in ("build", "data"):
        if not isinstance(about.get(needed), str):
            raise file.mistake(f'{needed} is missing; add, e.g., {needed} = "{_EXAMPLE[needed]}"', f"tasks.{name}")
    path, _, function = about["build"].partition(":")
    try:
        build = getattr(plugins.module(file.path.parent / path), function or "build", None)
        if build is None:
            raise UserError(f"{path} has no function {function or 'build'!r}")
        held = {key: _beside(file, about[key]) for key in ("data", "validation") if key in about}
        metric = tuple(m) if isinstance(m := about.get("metric"), list) else m
        rest = {key: value for key, value in about.items() if key in ("loss", "batch")}
        made = tasks.KerasTask(build, **held, **rest, metric=metric)
        tasks.register(name, made)
    except (UserError, TaskError) as mistake:
        raise file.mistake(str(mistake), f"tasks.{name}") from None
    return name


def _beside(file: _File, value: Any) -> Any:
    """A path from the suite's folder; a share as it is."""
    return file.path.parent / value if isinstance(value, str) else value


def _by_task(file: _File, table: dict[str, Any], key: str, chosen: tuple[Any, ...]) -> dict[str, Any]:
    """The table `key`, whose own keys must each mean one of the tasks at least."""
    found = table.get(key, {})
    if not isinstance(found, dict):
        raise file.mistake(f"{key} must be a table by task, e.g. [{key}]", key)
    for selector in found:
        if not any(task_matches(selector, task) for task in chosen):
            means = "matches" if is_selector(selector) else "is"
            hint = nearest(selector, chosen)
            raise file.mistake(f"{selector!r} {means} none of this suite's tasks{hint}", key, selector)
    return found


def _budget(file: _File, table: Any, default: Budget, *path: str) -> Budget:
    _check_keys(file, table, _COUNTS, *path)
    for name in (*(name for name in table if name not in RECHECK), *(name for name in RECHECK if name in table)):
        try:
            with_counts(default, {key: table[key] for key in (RECHECK if name in RECHECK else (name,)) if key in table})
        except UserError as mistake:
            raise file.mistake(str(mistake), *path, name) from None
    return with_counts(default, table)
