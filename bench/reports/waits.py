"""What is said before something takes its time: how long, and how that is known."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Any

from bench.lookup.named import NamedTask
from bench.records.files import note
from bench.scores.numbers import duration, significant
from bench.suites import machine
from bench.suites.waits import Wait, learn_study, of_study
from optimizers import Entry

_SOURCES = {"here": "as the last one took here", "table": "by the table and this machine's speed"}


def words(what: str, wait: Wait) -> str:
    """`ablations of adam on rosenbrock: about 40 s, as the last one took here`."""
    if wait.source == "unknown":
        more = f"at least {duration(wait.seconds)}; the rest" if wait.seconds > 0 else "the time"
        return f"{what}: {more} is not known yet; one run here makes it known"
    known = _SOURCES[wait.source] if wait.source == "here" or machine.learned() else "by the table of another machine"
    return f"{what}: about {duration(wait.seconds)}, {known}"


def say_settings(entry: Entry, theta: Mapping[str, Any]) -> None:
    """`sgd with learning_rate 0.01; for other settings name sgd[learning_rate=…]`; nothing where none is tuned."""
    if entry.space and theta:
        values = ", ".join(f"{k} {significant(v) if isinstance(v, float) else v}" for k, v in theta.items())
        name = entry.name.partition("[")[0]
        note(f"{name} with {values}; for other settings name {name}[{next(iter(entry.space))}=…]")


@contextlib.contextmanager
def announced(study: str, what: str, subject: NamedTask, steps: int) -> Iterator[float]:
    """Say how long the study of a task will take -> that, in seconds; keep what it took for the next time."""
    wait = of_study(study, subject, steps)
    note(words(what, wait))
    began = time.monotonic()
    yield wait.seconds
    learn_study(study, subject, steps, time.monotonic() - began)


def bar_format(seconds: float) -> str:
    """Of a bar without a count: the stage, since when, and of how long."""
    about = f" of about {duration(seconds)}" if seconds == seconds else ""
    return f"{{desc}} ({{elapsed}}{about})"
