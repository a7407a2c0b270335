"""Racing an optimizer against its ablations on the same problems, each also with its own best global step."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from bench.engine.problems import Problems
from bench.engine.race import race
from bench.lookup.named import NamedTask
from bench.probes.dynamics.live import faint
from bench.records.record import Runs
from bench.scores import metrics
from bench.studies.ablation import entries
from bench.studies.ablation.naming import Spec
from bench.studies.ablation.plan import METRICS, Ablation, program_of, variants
from optimizers import Entry

COARSE = tuple(4.0**k for k in range(-5, 3))
FINE = tuple(2.0 ** (k / 2) for k in (-3, -2, -1, 1, 2, 3))
TUNING_SEEDS = 64
_TILE = (8, 64)
"""Configurations × problems of a tile, where the task's own is not smaller."""


class Outcome(NamedTuple):
    """One raced entry; `tuned`: its step is the best on tuning problems. scores: {metric: (seeds,)}."""

    variant: Ablation
    spec: Spec
    tuned: bool
    edge: bool
    """The best step is at the end of what was tried."""
    scores: dict[str, np.ndarray]
    diverged: float
    """Share of the problems."""


class Study(NamedTuple):
    """Every variant twice: as it is, and with its step re-tuned."""

    optimizer: str
    task: str
    metric: str
    steps: int
    seeds: int
    rows: list[Outcome]
    rest: str
    """Stability of the resting state."""
    seconds: float
    faint: str = ""
    """Why nothing is claimed of what stays at rest; empty where something may be."""


class Conditions(NamedTuple):
    """What all runs of a study share; `progress` is told how many configurations have been raced."""

    subject: NamedTask
    entry: Entry
    steps: int = 200
    metric: str = "mean_loss"
    progress: Callable[[int], None] = lambda configurations: None


ROLES = ("original", "single", "linear", "rung", "pair", "control")


def study(
    shared: Conditions,
    *,
    seeds: int = 512,
    chosen: Sequence[Ablation] | None = None,
    tuning: int = TUNING_SEEDS,
    as_is: Sequence[str] = ROLES,
) -> Study:
    """Race `chosen` variants (None: all), steps tuned on `tuning` problems; those of the roles `as_is` also untuned.

    Raises OptimizerError when the entry cannot be ablated.
    """
    began = time.perf_counter()
    subject, entry, steps, metric, _ = shared
    listed = list(variants(steps) if chosen is None else chosen)
    groups: dict[tuple, list[Ablation]] = {}
    for variant in listed:
        groups.setdefault(program_of(variant.spec)[0], []).append(variant)
    done = {}
    for group in groups.values():
        done.update(_outcomes(shared, group, range(seeds), tuning, as_is))
    rows = [row for variant in listed for row in done[variant.label]]
    base = entries.build(entry, {}, steps)
    frozen = entries.frozen(base)
    spent = time.perf_counter() - began
    return Study(entry.name, subject.name, metric, steps, seeds, rows, frozen.stability, spent, faint(frozen.left))


def configurations(chosen: Sequence[Ablation], as_is: Sequence[str] = ROLES) -> int:
    """Races that these variants take in `study`, the unit of progress."""
    return sum(len(COARSE) + len(FINE) + 2 + (variant.role in as_is) for variant in chosen)


def _outcomes(shared: Conditions, group: list[Ablation], seeds, tuning: int, as_is) -> dict[str, list[Outcome]]:
    """Rows as it is, where asked for, and re-tuned, by label, of variants that share a program."""
    found = _tuned(shared, [variant.spec for variant in group], tuning)
    raced = [
        (variant, replace(variant.spec, step=step), tuned, edge and tuned)
        for variant, (best, edge) in zip(group, found, strict=True)
        for step, tuned in ((1.0, False), (best, True))
        if tuned or variant.role in as_is
    ]
    runs = _runs(shared, [spec for _, spec, *_ in raced], "report", seeds)
    scores = {name: metrics.get(name).score(runs, shared.subject.task.floor) for name in METRICS}
    rows: dict[str, list[Outcome]] = {variant.label: [] for variant in group}
    for i, (variant, spec, tuned, edge) in enumerate(raced):
        own = {name: np.asarray(score[i], float) for name, score in scores.items()}
        lost = float(np.mean(np.asarray(runs.diverged[i]) >= 0))
        rows[variant.label].append(Outcome(variant, spec, tuned, edge, own, lost))
    return rows


def _tuned(shared: Conditions, specs: list[Spec], tuning: int) -> list[tuple[float, bool]]:
    """Best step of each, four significant digits, and whether it is at an end of the coarse grid."""
    rough = _best(shared, [[(spec, step) for step in COARSE] for spec in specs], tuning)
    near = [[(spec, _plain(best * factor)) for factor in (1.0, *FINE)] for spec, best in zip(specs, rough, strict=True)]
    fine = _best(shared, near, tuning)
    return [(best, at in (COARSE[0], COARSE[-1])) for best, at in zip(fine, rough, strict=True)]


def _best(shared: Conditions, tried: list[list[tuple[Spec, float]]], tuning: int) -> list[float]:
    specs = [replace(spec, step=step) for row in tried for spec, step in row]
    runs = _runs(shared, specs, "tune", range(tuning))
    scores = metrics.get(shared.metric).score(runs, shared.subject.task.floor).mean(axis=-1)
    best = scores.reshape(len(tried), -1).argmin(axis=1)
    return [row[at][1] for row, at in zip(tried, best, strict=True)]


def _runs(shared: Conditions, specs: list[Spec], purpose: str, seeds) -> Runs:
    """Runs of specs that share a program."""
    swept, fixed = program_of(specs[0])
    build = entries.build(shared.entry, fixed, specs[0].horizon)
    thetas = [{name: spec.flags()[name] for name in swept} for spec in specs]
    made = replace(shared.entry, name="swept", build=build, space={}, defaults=thetas[0])
    own = shared.subject.task.tile
    tile = _TILE if own[0] * own[1] >= _TILE[0] * _TILE[1] else own
    raced = race(made, thetas, Problems(shared.subject, purpose, list(seeds), shared.steps), tile=tile)
    shared.progress(len(specs))
    return raced.runs


def _plain(step: float) -> float:
    """What a name can say: four significant digits."""
    return float(f"{step:.4g}")
