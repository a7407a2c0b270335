"""One task: its weights and its tuned baselines on the report problems, every target as a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from bench.engine.problems import Problems
from bench.engine.race import race
from bench.lookup import resolve
from bench.lookup.named import NamedTask
from bench.metatraining import metatrain
from bench.records.record import Runs
from bench.studies.targets.analyze import compare, judge, scores
from bench.studies.targets.baselines import tuned
from bench.studies.targets.plan import BASELINES, QUICK, SEEDS, STEPS, Protocol, Target
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
    protocol: Protocol,
    out: Path,
    progress: Callable[[str], None] = lambda text: None,
) -> list[dict[str, Any]]:
    """Rows of one task: every target for each of the weights."""
    subject, floor = resolve.named_task(task), resolve.named_task(task).task.floor
    thetas = {}
    for name in BASELINES:
        progress(f"{task}: tuning {name}")
        thetas[name] = tuned(subject, name, protocol, out)
    table = _Baselines(subject, thetas, protocol.report)
    rows = []
    for entry in weights:
        progress(f"{task}: {entry.name}")
        runs = _report(subject, entry, [dict(entry.defaults)], protocol.report)
        for target in targets:
            learned = scores(target.metric, runs, floor)[0]
            rows.append(_row(target, entry, learned, table))
    return rows


class _Baselines:
    """Scores of the tuned baselines on the report problems, each tuned for the metric it is asked for."""

    def __init__(self, subject: NamedTask, thetas: dict[str, Any], report: int):
        self._floor, self._metrics = subject.task.floor, list(next(iter(thetas.values())))
        self._runs = {
            name: _report(subject, resolve.entry(name), list(found.values()), report) for name, found in thetas.items()
        }

    def scores(self, name: str, metric: str) -> tuple[str, np.ndarray]:
        """(name, (problems,)) of the baseline `name`, or of the "best" by the mean over these problems."""
        found = {n: self._of(n, metric) for n in (BASELINES if name == "best" else (name,))}
        best = min(found, key=lambda n: float(found[n].mean()))
        return best, found[best]

    def _of(self, name: str, metric: str) -> np.ndarray:
        return scores(metric, self._runs[name], self._floor)[self._metrics.index(metric)]


def _row(target: Target, entry: Entry, learned: np.ndarray, table: _Baselines) -> dict[str, Any]:
    name, baseline = table.scores(target.baseline, target.metric)
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
        "seconds": entry.discloses.get("metatraining_seconds", 0.0),
    }


def _report(subject: NamedTask, entry: Entry, thetas, problems: int) -> Runs:
    return race(entry, thetas, Problems(subject, "report", range(problems), STEPS)).runs
