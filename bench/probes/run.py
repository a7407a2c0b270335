"""From a task and an entry to readings: replay the run, let each probe look, and set its untrained twins beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bench.errors import UserError
from bench.lookup import identity
from bench.lookup.named import NamedTask
from bench.probes.catalog import PROBES
from bench.probes.dynamics.subject import Visited
from bench.probes.twins import FEWEST, add
from bench.records import sealed
from bench.records.memo import digest
from optimizers import Entry
from optimizers.syntax import nearest

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Visited
    from bench.probes.reading import Reading

SEEDS = 16
"""Report problems replayed for a reading."""
SERIES = 256
"""Parameters, over all replayed problems, whose gradient histories the probes see."""
VERSION = 8
"""Raised whenever a reading can change."""


def asked(entry: Entry, probes: Iterable[str] | None, twins: int | None) -> list[str]:
    """The probes that are to read `entry`, by name; raises UserError for what cannot be read, or shown beside it."""
    chosen = list(PROBES) if probes is None else list(probes)
    if unknown := [name for name in chosen if name not in PROBES]:
        raise UserError(f"unknown probe {unknown[0]!r}; known: {', '.join(PROBES)}{nearest(unknown[0], PROBES)}")
    if twins and twins < FEWEST:
        raise UserError(f"{twins} untrained twins cannot show a discovery; give 0 or at least {FEWEST}")
    if twins and entry.kind != "learned":
        raise UserError(f"optimizer {entry.name!r} is {entry.kind} and has no untrained twins; leave them out")
    if not entry.told_gradients_only:
        raise UserError(f"optimizer {entry.name!r} knows the loss and is no system of gradients; probe another")
    return chosen


def probe(
    subject: NamedTask,
    entry: Entry,
    theta: dict[str, Any],
    *,
    probes: Iterable[str] | None = None,
    steps: int = 200,
    twins: int | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> dict[str, Reading]:
    """Readings of `entry` with θ on `subject`, by probe, beside so many untrained `twins` if it is learned.

    `progress` is told of shares. Raises UserError for an unknown probe.
    """
    chosen = asked(entry, probes, twins)
    from bench.probes.read import read

    met, part = visited(subject, entry, theta, steps=steps), 0.5 / len(chosen)
    readings = read(entry.build(theta), met, chosen, lambda: progress(part))
    return add(readings, entry, theta, met, twins, VERSION, lambda share: progress(0.5 * share))


def visited(subject: NamedTask, entry: Entry, theta: dict[str, Any], *, steps: int) -> Visited:
    """Gradients of replayed report runs, non-finite histories left out, one parameter's after another's."""
    from bench.engine.replay import replay
    from bench.probes.dynamics import curvature

    replayed = replay(subject, entry, theta, seeds=range(SEEDS), steps=steps).gradients
    histories = replayed.transpose(0, 2, 1).reshape(-1, steps).astype("float64")
    histories = histories[np.isfinite(histories).all(axis=1)]
    if not len(histories):
        raise UserError(f"optimizer {entry.name!r} diverges on every replayed problem of {subject.name!r}")
    kept = np.linspace(0, len(histories) - 1, min(SERIES, len(histories))).round().astype(int)
    given = histories[kept].reshape(-1)
    return Visited(given, None, steps, curvature=curvature.spectrum(subject))


class Kept(NamedTuple):
    """Readings as their file has them; `identity` is of everything that determines them. `settings`: of an optimizer
    that can be tuned, those that were read.
    """

    optimizer: str
    task: str
    identity: str
    readings: dict[str, Any]
    settings: dict[str, Any] | None = None


def read_entry(
    subject: NamedTask, entry: Entry, *, steps: int, progress: Callable[[float], None] = lambda share: None
) -> Kept:
    """What the probes read of the entry's defaults; `progress` is told of shares of it."""
    readings = probe(subject, entry, dict(entry.defaults), steps=steps, progress=progress)
    return kept(subject, entry, readings, steps)


def kept(
    subject: NamedTask,
    entry: Entry,
    readings: Mapping[str, Reading],
    steps: int,
    twins: int | None = None,
    theta: Mapping[str, Any] | None = None,
) -> Kept:
    """Readings as plain data, ready to be written; `theta`: what was read, kept where tuning could have made it."""
    plain = {name: reading.to_json() for name, reading in readings.items()}
    settings = dict(theta) if theta and entry.space else None
    return Kept(entry.name, subject.name, _identity(subject, entry, steps, twins), plain, settings)


def write_readings(kept: Kept, out: Path) -> Path:
    """Write readings and their picture under `out`/readings -> the file."""
    from bench.probes.figures import draw

    path = _path(kept.optimizer, kept.task, out)
    draw(kept.readings, path.with_suffix(".png"), f"{kept.optimizer} on {kept.task}")
    sealed.write(path, {name: value for name, value in kept._asdict().items() if value is not None})
    return path


def reading_held(subject: NamedTask, entry: Entry, out: Path, *, steps: int) -> bool:
    """Whether `out` holds all readings of this very entry, task and code."""
    found = sealed.read(_path(entry.name, subject.name, out))
    if found is None or found.get("identity") != _identity(subject, entry, steps):
        return False
    return set(found["readings"]) == set(PROBES)


def _path(optimizer: str, task: str, out: Path) -> Path:
    return Path(out) / "readings" / f"{optimizer}@{task}.json"


def _identity(subject: NamedTask, entry: Entry, steps: int, twins: int | None = None) -> str:
    about = identity.task_definition(subject.task), identity.optimizer_definition(entry)
    return digest((subject.name, *about, steps, twins, VERSION))
