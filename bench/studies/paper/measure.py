"""Racing, probing and ablating one task's meta-seeds; each part in a file of its own, read from there the next time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bench.lookup import identity, resolve
from bench.lookup.named import NamedTask
from bench.probes import run
from bench.probes.dynamics.component import system_of
from bench.probes.dynamics.subject import Subject
from bench.records.memo import digest, memo
from bench.records.record import Budget
from bench.studies.paper import ablations as causal
from bench.studies.paper import quantities, races
from bench.studies.paper.evidence import OnTask, Seed
from bench.studies.paper.races import STEPS
from bench.studies.targets.baselines import raced
from bench.studies.targets.plan import BASELINES
from bench.suites.protocol import budget_for
from optimizers import Entry


def measure(
    task: str,
    weights: list[Entry],
    out: Path,
    tuning: Path,
    *,
    ablations: bool,
    budget: Budget | None = None,
    folders: Iterable[Path] = (),
    progress: Callable[[str], Any] = lambda text: None,
) -> OnTask:
    """Everything the claims need of one task. Tuned baselines are in `folders` or `tuning`, or will be in `tuning`."""
    subject, budget = resolve.named_task(task), budget or budget_for(task)
    thetas, baselines = {}, {}
    for name in BASELINES:
        thetas[name] = raced(task, name, budget, tuning, folders).thetas["mean_loss"]
        progress(f"{task}: tuned {name}")
        baselines[name] = _race(subject, resolve.entry(name), thetas[name], budget.seeds, out)
        progress(f"{task}: raced {name}")
    seeds = tuple(_seed(subject, entry, budget.seeds, out, ablations, progress) for entry in weights)
    return OnTask(task, seeds, baselines, thetas, budget.seeds)


def _seed(subject: NamedTask, entry: Entry, problems: int, out: Path, ablations: bool, progress) -> Seed:
    race = _race(subject, entry, dict(entry.defaults), problems, out)
    progress(f"{subject.name}: raced {entry.name}")
    readings = _readings(subject, entry, out)
    progress(f"{subject.name}: probed {entry.name}")
    numbers = _quantities(subject, entry, out)
    progress(f"{subject.name}: measured {entry.name}")
    if not ablations:
        return Seed(entry.name, race, readings["readings"], numbers)
    found = memo(
        _path(out, "ablations", subject, entry),
        digest(causal.parts(subject, entry, problems)),
        lambda: causal.ablated(subject, entry, problems),
    )
    progress(f"{subject.name}: ablated {entry.name}")
    return Seed(entry.name, race, readings["readings"], numbers, found)


def _race(subject: NamedTask, entry: Entry, theta, problems: int, out: Path) -> dict[str, Any]:
    return memo(
        _path(out, "races", subject, entry),
        digest(races.parts(subject, entry, theta, problems)),
        lambda: races.raced(subject, entry, theta, problems),
    )


def _about(subject: NamedTask, entry: Entry) -> tuple:
    about = identity.task_definition(subject.task), identity.optimizer_definition(entry)
    return (subject.name, *about, STEPS, run.VERSION)


def _readings(subject: NamedTask, entry: Entry, out: Path) -> dict[str, Any]:
    def make() -> dict[str, Any]:
        # without twins: forty networks for each that is judged would be most of the paper's time
        found = run.probe(subject, entry, dict(entry.defaults), steps=STEPS, twins=0)
        plain = {name: reading.to_json() for name, reading in found.items()}
        return {"optimizer": entry.name, "task": subject.name, "readings": plain}

    return memo(_path(out, "readings", subject, entry), digest(_about(subject, entry)), make)


def _quantities(subject: NamedTask, entry: Entry, out: Path) -> dict[str, Any]:
    def make() -> dict[str, Any]:
        theta = dict(entry.defaults)
        met = run.visited(subject, entry, theta, steps=STEPS)
        return quantities.quantities(Subject.of(system_of(entry.build(theta)), met))

    about = (*_about(subject, entry), quantities.VERSION)
    return memo(_path(out, "quantities", subject, entry), digest(about), make)


def _path(out: Path, kind: str, subject: NamedTask, entry: Entry) -> Path:
    return out / kind / f"{entry.name}@{subject.name}.json"
