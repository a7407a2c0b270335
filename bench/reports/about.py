"""What `python -m bench show` prints of one task or optimizer: everything there is to say of it, a line a fact."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench.errors import UserError
from bench.lookup import resolve
from bench.lookup.named import NamedTask
from bench.reports import reference
from bench.reports.ranges import batch, ranges, span
from bench.terminal import room
from optimizers import Entry, disclosures
from optimizers.learned import get as architecture
from optimizers.registry import families
from optimizers.syntax import listed
from optimizers.weights_file import Weights, read_card

_ROOT = Path(__file__).parents[2]
_COSTS = {
    "light": "light: a step of one run takes about a microsecond or less",
    "medium": "medium: a step of one run takes up to 20 microseconds",
    "heavy": "heavy: a step of one run takes more than 20 microseconds",
}
_CARD = (
    "architecture",
    "trained_as",
    "tasks",
    "iterations",
    "seed",
    "seconds",
    "gradients",
    "command",
    "time",
    "commit",
    "sha256",
)
_WIDTH = 111
"""Signs of a line."""
_SAMPLE = "quadratic-100"
"""The task on which the state of an optimizer is measured: of enough parameters that single numbers hardly count."""


class Fact(NamedTuple):
    """A word, and the lines that stand beside it."""

    word: str
    lines: list[str]


def describe(name: str) -> str:
    """What is called `name`, a task, an optimizer or a weights file, registered or parametrized. Raises UserError."""
    import optimizers
    import tasks

    base = name.partition("[")[0]
    found = []
    if base in tasks.names():
        found.append(text(of_task(resolve.named_task(name))))
    if base in (*optimizers.names(), *families()) or name.endswith(".npz"):
        found.append(text(of_optimizer(resolve.entry(name))))
    if not found:
        known = [*tasks.names(), *optimizers.names()]
        raise UserError(f"no task or optimizer is called {name!r}{listed(name, known)}")
    return "\n\n".join(found)


def text(facts: list[Fact]) -> str:
    """Words in a column, their lines beside them, long ones folded; a command and a place stay whole."""
    width = max(len(fact.word) for fact in facts)
    rows = (
        (fact.word if i == 0 else "", line)
        for fact in facts
        for i, line in enumerate(folded for line in fact.lines for folded in _folded(line, room(_WIDTH) - width - 2))
    )
    return "\n".join(f"{word:{width}}  {line}".rstrip() for word, line in rows)


def _folded(line: str, width: int) -> list[str]:
    if line.startswith("command = ") or re.search(r", line \d+$", line):
        return [line]
    return textwrap.wrap(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False) or [""]


def of_task(subject: NamedTask) -> list[Fact]:
    """Source, settings, size, cost and scores of a task."""
    name, task = subject
    fields: tuple[Any, ...] = dataclasses.fields(task) if dataclasses.is_dataclass(task) else ()
    facts = [
        Fact("task", [name]),
        Fact("source", [_place(type(task)), f"version {task.version}"]),
        Fact("reference", [task.reference]),
        Fact("settings", [f"{field.name} = {getattr(task, field.name)!r}" for field in fields]),
        Fact("dimension", [f"{_dimension(subject)} parameters"]),
        Fact("batch", [batch(task)]),
        Fact("cost", [_COSTS[task.cost]]),
        Fact("tile", ["{} configurations × {} problems a program".format(*task.tile)]),
        Fact("floor", [f"{task.floor:.6g}"]),
        Fact("tags", [", ".join(task.tags)]),
        Fact("measures", [", ".join(task.measures)]),
        Fact("scores", reference.of_task(name)),
    ]
    return [fact for fact in facts if any(fact.lines)]


def of_optimizer(entry: Entry) -> list[Fact]:
    """Source, what tuning searches, defaults, state, weights and scores of an optimizer."""
    plain = {} if isinstance(entry.defaults, Weights) else entry.defaults
    facts = [
        Fact("optimizer", [f"{entry.name}, {entry.kind}"]),
        Fact("source", [_place(_made_by(entry.build)), f"version {entry.version}"]),
        Fact("reference", [entry.reference]),
        Fact("searched", [f"{name}  {span(values)}" for name, values in entry.space.items()] or [ranges({})]),
        Fact("defaults", [f"{name} = {value!r}" for name, value in plain.items()]),
        Fact("disclosed", disclosures.words(entry.discloses)),
        Fact("needs", [f"tasks tagged {', '.join(entry.needs)}" if entry.needs else ""]),
        Fact("state", [_state(entry)]),
        Fact("weights", _card(entry.defaults)),
        Fact("scores", reference.of_optimizer(entry.name)),
    ]
    return [fact for fact in facts if any(fact.lines)]


def _made_by(build: Any) -> Any:
    """The class or function behind a build: Keras's class, an architecture, or what the user wrote."""
    while inner := getattr(build, "inner", None) or getattr(build, "keras", None):
        build = inner
    if isinstance(name := getattr(build, "architecture", None), str):
        return type(architecture(name))
    build = getattr(build, "__self__", build)
    while isinstance(build, functools.partial):
        build = build.func
    return getattr(build, "cls", build)


def _place(thing: Any) -> str:
    """`tasks.classic.Rosenbrock, tasks/classic.py, line 12`, from this project's folder where it is below it."""
    thing = thing if inspect.isroutine(thing) or isinstance(thing, type) else type(thing)
    said = f"{thing.__module__}.{thing.__qualname__}"
    try:
        path, line = Path(inspect.getfile(thing)), inspect.getsourcelines(thing)[1]
    except (TypeError, OSError):
        return said
    return f"{said}, {_below(path)}, line {line}"


def _below(path: Path) -> Path:
    """A path from this project's folder where it is below it."""
    return path.relative_to(_ROOT) if _ROOT in path.parents else path


def _dimension(subject: NamedTask) -> int:
    """Parameters of its first report problem."""
    import numpy as np
    import tensorflow as tf

    from bench.engine.sampling import draw

    return sum(np.size(leaf) for leaf in tf.nest.flatten(draw(subject, 0)[0]))


def _state(entry: Entry) -> str:
    if entry.informed:
        return ""
    from bench.engine.sizes import sizes

    found = sizes(entry, resolve.named_task(_SAMPLE), 200)["state_bytes_per_parameter"]
    return f"{found:.6g} bytes for each parameter, on {_SAMPLE}"


def _card(theta: Mapping[str, Any]) -> list[str]:
    """How weights were made, from the card beside them."""
    if not isinstance(theta, Weights):
        return []
    held = read_card(theta.path)
    made = [f"{key} = {_plain(held[key])}" for key in _CARD if key in held]
    shapes = ", ".join(f"{name} {'×'.join(map(str, array.shape))}" for name, array in theta.items())
    return [f"{_below(theta.path)}, {sum(array.size for array in theta.values())} numbers: {shapes}", *made]


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
