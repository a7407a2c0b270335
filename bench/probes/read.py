"""From an optimizer and the gradients it met to readings: controls once, then each probe."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from bench.probes.catalog import PROBES
from bench.probes.controls.catalog import CONTROLS, check
from bench.probes.dynamics.component import system_of
from bench.probes.dynamics.subject import Subject, Visited
from bench.probes.dynamics.system import ProbeError, System
from bench.probes.minds import OTHERWISE, would_change
from bench.probes.reading import UNDECIDED, Reading, undecided
from optimizers import Optimizer
from optimizers.syntax import nearest


@np.errstate(all="ignore")
def read(
    optimizer: Optimizer | System,
    visited: Visited,
    probes: Iterable[str] | None = None,
    progress: Callable[[], None] = lambda: None,
) -> dict[str, Reading]:
    """{probe: Reading} of an optimizer on what it met; `probes` are names, all by default.

    `progress` is called after each. An optimizer that cannot be probed gives readings that are undecided and say why.
    Raises ProbeError for an unknown probe.
    """
    names = list(PROBES) if probes is None else list(probes)
    if unknown := [name for name in names if name not in PROBES]:
        raise ProbeError(f"unknown probe {unknown[0]!r}; known: {', '.join(PROBES)}{nearest(unknown[0], PROBES)}")
    try:
        system = optimizer if isinstance(optimizer, System) else system_of(optimizer)
        subject = Subject.of(system, visited)
    except ProbeError as error:
        return {name: replace(undecided(_title(name), str(error)), would_change=OTHERWISE) for name in names}
    readings = {}
    for name in names:
        readings[name] = _read(name, subject)
        progress()
    return readings


@functools.cache
def run_controls(name: str) -> tuple[dict, ...]:
    """The controls of a probe, run once in a process."""
    return tuple(check(PROBES[name], control) for control in CONTROLS[name])


def _read(name: str, subject: Subject) -> Reading:
    controls = run_controls(name)
    try:
        reading = replace(PROBES[name](subject), controls=controls)
    except np.linalg.LinAlgError as error:
        reading = replace(undecided(_title(name), str(error)), controls=controls)
    if failed := [control["name"] for control in controls if not control["passed"]]:
        text = f"{_title(name)}: no claim; failed on its control {', '.join(map(repr, failed))}"
        return replace(reading, verdict=UNDECIDED, sentence=text, would_change=OTHERWISE)
    return replace(reading, would_change=would_change(name, reading))


def _title(name: str) -> str:
    return name.replace("_", " ")
