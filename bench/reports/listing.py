"""What `python -m bench list` prints: what there is, one line each. Imports no TensorFlow."""

from __future__ import annotations

import optimizers
import tasks
from bench.probes.catalog import PROBES
from bench.reports.ranges import batch, ranges
from bench.scores import measures, metrics
from bench.scores.measures import Measure
from bench.scores.metrics import Metric
from bench.suites.dimensions import dimension
from bench.suites.shipped import SUITES
from bench.terminal import hanging
from optimizers import Entry, disclosures

KINDS = ("tasks", "optimizers", "suites", "probes", "metrics")


def listing(what: str | None) -> str:
    """Lines of one of KINDS, or of all under their titles."""
    if what is not None:
        return "\n".join(_lines(what, ""))
    return "\n".join(line for kind in KINDS for line in (f"{kind}:", *_lines(kind, "  ")))


def _lines(kind: str, indent: str) -> list[str]:
    return hanging(_ROWS[kind](), indent, texts=2 if kind == "tasks" else 1)


def _tasks() -> list[tuple[str, ...]]:
    return [("name", "dimension", "batch", "cost", "floor", "tags", "source"), *map(_task, tasks.names())]


def _task(name: str) -> tuple[str, ...]:
    task = tasks.get(name)
    scalars = dimension(name, task)
    about = (str(scalars or "–"), batch(task), task.cost, f"{task.floor:.6g}", ", ".join(task.tags))
    return name, *about, task.reference


def _optimizers() -> list[tuple[str, ...]]:
    entries = map(optimizers.get, optimizers.names())
    rows = [(entry.name, entry.kind, "; ".join([ranges(entry.space), *_about(entry)])) for entry in entries]
    return [("name", "kind", "what tuning searches; source; what it is told"), *rows]


def _about(entry: Entry) -> list[str]:
    """Where it comes from, then what it is told and scored at that others are not."""
    return [*([entry.reference] if entry.reference else []), *disclosures.words(entry.discloses)]


def _suites() -> list[tuple[str, ...]]:
    return [(suite.name, suite.about) for suite in SUITES.values()]


def _probes() -> list[tuple[str, ...]]:
    return [(probe.name, probe.summary) for probe in PROBES.values()]


def _metrics() -> list[tuple[str, ...]]:
    """Those that tuning selects by, then the others: which way is better, how two compare, what it is."""
    every: tuple[Metric | Measure, ...] = (*metrics.METRICS.values(), *measures.MEASURES.values())
    return [(m.name, f"{m.better:6}  {m.comparison:10}  {m.summary}") for m in every]


_ROWS = dict(zip(KINDS, (_tasks, _optimizers, _suites, _probes, _metrics), strict=True))
