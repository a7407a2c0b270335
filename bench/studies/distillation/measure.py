"""Distilling, refining, racing and the reverse: everything `distill` finds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.errors import UserError
from bench.lookup.named import NamedTask
from bench.studies.distillation.ladder import Distilled, Rung, distill
from bench.studies.distillation.plan import Asked, Condition, conditions
from bench.studies.distillation.reverse import Borrowing, reverse
from bench.studies.distillation.scores import Score, compete
from optimizers import Entry


@dataclass(frozen=True)
class Found:
    """`races`: {condition: scores of the teacher, then of every rung}."""

    optimizer: str
    task: str
    asked: Asked
    distilled: Distilled
    rungs: tuple[Rung, ...]
    races: Mapping[str, list[Score]]
    variants: list[Borrowing]
    seconds: float

    @property
    def fitted(self) -> Rung:
        """The last rung that imitates; a refined one comes after it."""
        return self.distilled.last


def measure(
    subject: NamedTask,
    entry: Entry,
    theta: Mapping[str, Any],
    asked: Asked,
    progress: Callable[[str], None] = lambda stage: None,
) -> Found:
    """Distil, refine, race and reverse; `progress` hears of every stage. Raises UserError if not component-wise."""
    began = time.perf_counter()
    progress("fitting")
    distilled = distill(subject, entry, theta, steps=asked.steps)
    rungs = list(distilled.rungs)
    if asked.refine:
        progress("refining")
        rungs += _refined(subject, entry, distilled, asked)
    student = Entry("closed-form", "learned", distilled.architecture.build)
    races = {}
    for condition in conditions(subject, asked.steps):
        progress(f"racing: {condition.name}")
        races[condition.name] = _race(condition, (entry, theta), student, rungs, asked.problems)
    variants = []
    if asked.trials:
        progress("the reverse: tuning and racing")
        variants = reverse(
            subject, distilled.starts, (entry, theta), trials=asked.trials, problems=asked.problems, steps=asked.steps
        )
    seconds = time.perf_counter() - began
    return Found(entry.name, subject.name, asked, distilled, tuple(rungs), races, variants, seconds)


def _race(condition: Condition, teacher, student: Entry, rungs, problems: int) -> list[Score]:
    return compete(condition, teacher, student, [rung.theta for rung in rungs], problems)


def _refined(subject: NamedTask, entry: Entry, distilled: Distilled, asked: Asked) -> list[Rung]:
    """The refined form as one rung more, or none where its meta-loss was never finite."""
    from bench.studies.distillation.refine import refine

    last = distilled.last
    try:
        theta = refine(subject, distilled.architecture, last.theta, entry, iterations=asked.refine, steps=asked.steps)
    except UserError:
        return []
    return [Rung("refined", theta, tuple(theta), distilled.agreement(theta))]
