"""Racing, probing and ablating one task's networks; each part in a file of its own, read from there the next time.

Every file says how many seconds of one core it took to make, so that a busy machine does not change the number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.engine import VERSION as ENGINE
from bench.errors import UserError
from bench.lookup import identity, resolve
from bench.lookup.named import NamedTask
from bench.probes import run
from bench.probes.dynamics.component import system_of
from bench.probes.dynamics.subject import Subject
from bench.probes.dynamics.system import ProbeError
from bench.records.memo import digest, memo
from bench.records.record import Budget, Record
from bench.running.cells import known
from bench.studies.paper import ablations as causal
from bench.studies.paper import quantities, races
from bench.studies.paper.evidence import OnTask, Seed
from bench.studies.paper.plan import Network
from bench.studies.paper.races import STEPS
from bench.studies.targets.baselines import CELLS, raced
from bench.studies.targets.plan import BASELINES
from bench.suites.jobs import job
from bench.suites.protocol import budget_for
from optimizers import Entry, OptimizerError, shipped
from optimizers.weights_file import read_card


class NotThere(Exception):
    """A part that was not measured yet, where none is to be made."""


class Place(NamedTuple):
    """The task, the folder of its parts, and who is told of each part that is done."""

    subject: NamedTask
    out: Path
    problems: int
    progress: Callable[[str], Any]
    seconds: dict[tuple[str, str], float]
    make: bool = True
    """Whether parts are made that are not there."""

    def part(self, kind: str, entry: Entry, parts: tuple, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """One file: read if it is of the same `parts`, else made, with the seconds that took; "failed": why not."""

        def timed() -> dict[str, Any]:
            began = time.process_time()
            if not self.make:
                raise NotThere(f"{kind} of {entry.name} on {self.subject.name}: not measured yet")
            try:
                made = make()
            except (UserError, OptimizerError, ProbeError) as error:
                made = {"failed": f"{kind}: {error}"}
            return {**made, "seconds": round(time.process_time() - began, 1)}

        found = memo(self.out / kind / f"{entry.name}@{self.subject.name}.json", digest(parts), timed)
        self.seconds[kind, entry.name] = float(found["seconds"])
        self.progress(f"{self.subject.name}: {kind} of {entry.name}")
        return found

    def if_there(self, kind: str, entry: Entry, parts: tuple, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The part, or "failed" with the reason where it is not there and none is to be made."""
        try:
            return self.part(kind, entry, parts, make)
        except NotThere:
            return {"failed": f"{kind}: not measured yet"}


def measure(
    task: str,
    networks: Sequence[Network],
    out: Path,
    tuning: Path,
    *,
    ablations: bool,
    budget: Budget | None = None,
    folders: Iterable[Path] = (),
    make: bool = True,
    progress: Callable[[str], Any] = lambda text: None,
) -> OnTask:
    """Everything the claims need of one task. Tuned baselines are in `folders` or `tuning`, or will be in `tuning`.

    `make` False: only what was measured before; networks without a race are left out. Raises NotThere where the
    baselines were not measured.
    """
    budget = budget or budget_for(task)
    place = Place(resolve.named_task(task), out, budget.seeds, progress, {}, make)
    thetas, baselines, rates = {}, {}, {}
    for name in BASELINES:
        found = _tuned(place, name, budget, tuning, folders)
        thetas[name] = found["theta"]
        if found["rates"]:
            rates[name] = tuple(found["rates"])
        baselines[name] = _race(place, resolve.entry(name), thetas[name])
    groups: dict[str, tuple[Seed, ...]] = {}
    for network in networks:
        try:
            seed = _seed(place, shipped.load_entry(network.path), ablations and network.ablated)
        except NotThere:
            continue
        groups[network.group.name] = (*groups.get(network.group.name, ()), seed)
    cards = {network.path.stem: read_card(network.path) for network in networks}
    return OnTask(task, (), baselines, thetas, budget.seeds, rates, groups, place.seconds, cards)


def _tuned(place: Place, name: str, budget: Budget, tuning: Path, folders: Iterable[Path]) -> dict[str, Any]:
    """θ of a baseline and the range of its best rates, kept in a file of their own: cells may be too large to keep."""
    task, entry = place.subject.name, resolve.entry(name)
    definitions = identity.task_definition(place.subject.task), identity.optimizer_definition(entry)

    def tuned() -> dict[str, Any]:
        record = _cell(task, name, budget, tuning, folders, place.make)
        seconds = sum(float(record.ledger.get(f"seconds_{part}", 0)) for part in _TUNING)
        return {"theta": record.thetas["mean_loss"], "rates": best_rates(record, budget.finalists), "seconds": seconds}

    path = place.out / "tuning" / f"{name}@{task}.json"
    found = memo(path, digest((task, *definitions, str(budget), ENGINE)), tuned)
    place.seconds["tuning", name] = float(found["seconds"])
    place.progress(f"{task}: tuning of {name}")
    return found


def _cell(task: str, name: str, budget: Budget, tuning: Path, folders: Iterable[Path], make: bool) -> Record:
    if make:
        return raced(task, name, budget, tuning, folders)
    kept = tuning / CELLS
    found = known(job("cell", task, name, budget), [*folders, *([kept] if kept.is_dir() else [])])
    if found is None:
        raise NotThere(f"{name} on {task}: not tuned yet")
    return found


_TUNING = ("compile", "tuning", "reporting")


def best_rates(record: Record, count: int) -> tuple[float, float]:
    """Least and largest learning rate of the `count` trials of lowest mean loss."""
    scores = np.asarray(record.trials["mean_loss"], float)
    best = np.argsort(np.where(np.isfinite(scores), scores, np.inf))[:count]
    rates = np.asarray(record.trials["learning_rate"], float)[best]
    return float(rates.min()), float(rates.max())


def _seed(place: Place, entry: Entry, ablations: bool) -> Seed:
    subject, parts = place.subject, about(place.subject, entry)
    race = _race(place, entry, dict(entry.defaults))
    readings = place.if_there("readings", entry, parts, lambda: _readings(subject, entry))
    numbers = place.if_there("quantities", entry, (*parts, quantities.VERSION), lambda: _quantities(subject, entry))
    found = None
    if ablations:
        causes = causal.parts(subject, entry)
        found = place.if_there("ablations", entry, causes, lambda: causal.ablated(subject, entry))
    failed = [part["failed"] for part in (readings, numbers, found or {}) if "failed" in part]
    ablation = found if found and "failed" not in found else None
    return Seed(entry.name, race, readings.get("readings", {}), numbers, ablation, "; ".join(failed))


def _race(place: Place, entry: Entry, theta) -> dict[str, Any]:
    parts = races.parts(place.subject, entry, theta, place.problems)
    return place.part("races", entry, parts, lambda: races.raced(place.subject, entry, theta, place.problems))


def about(subject: NamedTask, entry: Entry) -> tuple:
    """What a reading of an entry on a task depends on."""
    definitions = identity.task_definition(subject.task), identity.optimizer_definition(entry)
    return (subject.name, *definitions, STEPS, run.VERSION)


def _readings(subject: NamedTask, entry: Entry) -> dict[str, Any]:
    found = run.probe(subject, entry, dict(entry.defaults), steps=STEPS)
    plain = {name: reading.to_json() for name, reading in found.items()}
    return {"optimizer": entry.name, "task": subject.name, "readings": plain}


def _quantities(subject: NamedTask, entry: Entry) -> dict[str, Any]:
    theta = dict(entry.defaults)
    met = run.visited(subject, entry, theta, steps=STEPS)
    return quantities.quantities(Subject.of(system_of(entry.build(theta)), met), subject.name)
