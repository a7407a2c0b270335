"""Tuned momentum, RMSProp and Adam on the held-out problems: what the progress line compares with.

A quick tuning, on tuning problems, to tell at once whether a training gets anywhere; studies.targets is careful.
"""

from __future__ import annotations

import math
from typing import Any

from tqdm import tqdm

from bench.engine.problems import Problems
from bench.lookup.named import NamedTask
from bench.lookup.resolve import entry
from bench.metatraining.settings import Settings
from bench.metatraining.validation import mean_loss, race_held_out

NAMES = ("momentum", "rmsprop", "adam")
TRIALS = {"light": 128, "medium": 32}
"""By a task's cost; on a heavy one tuning would take longer than some trainings."""
SEEDS = 16


def tune_all(subjects: list[NamedTask], settings: Settings, progress: bool) -> dict[str, Any]:
    """{task: {optimizer: {"theta", "mean"}}} of the tasks that are not heavy."""
    pairs = [(s, name) for s in subjects if s.task.cost in TRIALS for name in NAMES]
    found: dict[str, Any] = {}
    for subject, name in tqdm(pairs, desc="tuning baselines", unit="", disable=not progress, leave=False):
        found.setdefault(subject.name, {})[name] = _tuned(subject, name, settings)
    return found


def compared(means: list[float], subjects: list[NamedTask], baselines: dict[str, Any]) -> str | None:
    """ "×0.86 momentum": mean loss over that of the best baseline, geometric mean over tasks; None: not known."""
    ratios, best = [], ""
    for mean, subject in zip(means, subjects, strict=False):
        if known := baselines.get(subject.name):
            best = min(known, key=lambda name: known[name]["mean"])
            ratios.append(mean / known[best]["mean"])
    if not ratios or min(ratios) <= 0:
        return None
    ratio = math.exp(sum(map(math.log, ratios)) / len(ratios))
    return f"×{ratio:.3g} {best if len(ratios) == 1 else 'the best baselines'}"


def _tuned(subject: NamedTask, name: str, settings: Settings) -> dict[str, Any]:
    from bench.running.tuning import best_theta, score_trials

    baseline = entry(name)
    problems = Problems(subject, "tune", range(SEEDS), settings.unroll)
    table, _ = score_trials(baseline, TRIALS[subject.task.cost], problems)
    theta = best_theta(baseline, table, "mean_loss")
    return {"theta": theta, "mean": mean_loss(subject, race_held_out(subject, baseline, theta, settings))}
