"""What `python -m bench list` prints: what there is, one line each. Imports no TensorFlow."""

from __future__ import annotations

import optimizers
import tasks
from bench.probes.catalog import PROBES
from bench.scores import measures, metrics
from bench.scores.measures import Measure
from bench.scores.metrics import Metric
from bench.suites.shipped import SUITES
from optimizers import Entry, disclosures

KINDS = ("tasks", "optimizers", "suites", "probes", "metrics")


def listing(what: str | None) -> str:
    """Lines of one of KINDS, or of all under their titles."""
    if what is not None:
        return "\n".join(_lines(what, ""))
    return "\n".join(line for kind in KINDS for line in (f"{kind}:", *_lines(kind, "  ")))


def _lines(kind: str, indent: str) -> list[str]:
    rows = _ROWS[kind]()
    width = max((len(name) for name, _ in rows), default=0)
    return [f"{indent}{name:{width}}  {about}".rstrip() for name, about in rows]


def _tasks() -> list[tuple[str, str]]:
    return [(name, tasks.get(name).reference) for name in tasks.names()]


def _optimizers() -> list[tuple[str, str]]:
    entries = map(optimizers.get, optimizers.names())
    return [(entry.name, f"{entry.kind:14} {'; '.join(_about(entry))}") for entry in entries]


def _about(entry: Entry) -> list[str]:
    """Where it comes from, then what it is told and scored at that others are not."""
    return [*([entry.reference] if entry.reference else []), *disclosures.words(entry.discloses)]


def _suites() -> list[tuple[str, str]]:
    return [(suite.name, suite.about) for suite in SUITES.values()]


def _probes() -> list[tuple[str, str]]:
    return [(probe.name, probe.summary) for probe in PROBES.values()]


def _metrics() -> list[tuple[str, str]]:
    """Those that tuning selects by, then the others: which way is better, how two compare, what it is."""
    every: tuple[Metric | Measure, ...] = (*metrics.METRICS.values(), *measures.MEASURES.values())
    return [(m.name, f"{m.better:6}  {m.comparison:10}  {m.summary}") for m in every]


_ROWS = dict(zip(KINDS, (_tasks, _optimizers, _suites, _probes, _metrics), strict=True))
