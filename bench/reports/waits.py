"""What is said before something takes its time: how long, and how that is known."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from bench.lookup.named import NamedTask
from bench.records.files import note
from bench.scores.numbers import duration
from bench.suites import machine
from bench.suites.waits import Wait, learn_study, of_study

_SOURCES = {"here": "as the last one on this task took here", "table": "by the table and this machine's speed"}


def words(what: str, wait: Wait) -> str:
    """`ablations of adam on rosenbrock: about 40 s, as the last one on this task took here`."""
    if wait.source == "unknown":
        more = f"at least {duration(wait.seconds)}; the rest" if wait.seconds > 0 else "the time"
        return f"{what}: {more} is not known yet; one run here makes it known"
    known = _SOURCES[wait.source] if wait.source == "here" or machine.learned() else "by the table of another machine"
    return f"{what}: about {duration(wait.seconds)}, {known}"


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
