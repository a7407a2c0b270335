"""One task: its weights and its tuned baselines on the report problems, every target as a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.metatraining import metatrain
from bench.records.record import Budget, Record
from bench.studies.targets.analyze import compare, judge
from bench.studies.targets.baselines import raced, scored
from bench.studies.targets.plan import BASELINES, QUICK, SEEDS, Target
from optimizers import Entry, shipped


def weights_of(task: str, folder: Path) -> list[Entry]:
    """gru-TASK, gru-TASK-2, gru-TASK-3 of `folder`, those that are there."""
    stems = [f"gru-{task}", *(f"gru-{task}-{i}" for i in range(2, SEEDS + 1))]
    paths = [folder / f"{stem}.npz" for stem in stems]
    return [shipped.load_entry(path) for path in paths if path.is_file()]


def train(task: str, out: Path) -> Entry:
    """The weights of the training of at most a minute of `task`, trained unless they are in `out` already."""
    path, quick = out / "quick" / f"quick-{task}.npz", QUICK[task]
    if not path.with_suffix(".json").is_file():
        metatrain(quick.architecture, task, steps=quick.steps, out=path, baselines=False, **quick.settings)
    return shipped.load_entry(path)


def measure(
    task: str,
    targets: Iterable[Target],
    weights: list[Entry],
    budget: Budget,
    out: Path,
    progress: Callable[[str], None] = lambda text: None,
    folders: Iterable[Path] = (),
) -> list[dict[str, Any]]:
    """Rows of one task: every target for each of the weights; cells that a run in `folders` has are read there."""
    baselines = {}
    for name in BASELINES:
        progress(f"{task}: {name}")
        baselines[name] = raced(task, name, budget, out, folders)
    rows = []
    for entry in weights:
        progress(f"{task}: {entry.name}")
        record = raced(task, entry, budget, out, folders)
        rows += [_row(target, entry, record, baselines) for target in targets]
    return rows


def against(target: Target, baselines: Mapping[str, Record]) -> tuple[str, np.ndarray]:
    """(name, (problems,)) of a target's baseline, or of the "best" by the mean over these problems."""
    names = BASELINES if target.baseline == "best" else (target.baseline,)
    found = {name: scored(baselines[name], target.metric) for name in names}
    best = min(found, key=lambda name: float(found[name].mean()))
    return best, found[best]


def _row(target: Target, entry: Entry, record: Record, baselines: Mapping[str, Record]) -> dict[str, Any]:
    learned, (name, baseline) = scored(record, target.metric), against(target, baselines)
    verdict = judge(compare(target.how, learned, baseline), target.how, target.bound)
    return {
        **target._asdict(),
        "weights": entry.name,
        "against": name,
        "value": verdict.value,
        "low": verdict.low,
        "high": verdict.high,
        "word": verdict.word,
        "learned": float(learned.mean()),
        "baseline_mean": float(baseline.mean()),
        "problems": len(learned),
        "tuning": baselines[name].cell.budget.tuning_words,
        "seconds": entry.discloses.get("metatraining_seconds", 0.0),
    }
