"""Scores of a teacher and its closed forms on the same problems, paired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bench.engine.problems import Problems
from bench.engine.race import race
from bench.scores import statistics
from bench.scores.metrics import METRICS
from bench.studies.distillation.plan import Condition
from optimizers import Entry

SHOWN = ("mean_loss", "mean_log")
"""One whose scores compare as a ratio, one as a difference."""


class Score(NamedTuple):
    """Means over problems; against the teacher, paired: ratio of mean_loss, difference of mean_log, 95 % intervals."""

    mean_loss: float
    mean_log: float
    ratio: dict[str, float]
    difference: dict[str, float]
    diverged: int

    def to_json(self) -> dict[str, Any]:
        return self._asdict()


def compete(
    condition: Condition,
    teacher: tuple[Entry, Mapping[str, Any]],
    student: Entry,
    thetas: Sequence[Mapping[str, Any]],
    problems: int,
) -> list[Score]:
    """Scores of the teacher and of every θ of the student, in this order, on report problems 0 … `problems` − 1."""
    raced = [_scores(condition, teacher[0], [teacher[1]], problems)]
    raced.append(_scores(condition, student, thetas, problems))
    loss, log, diverged = (np.concatenate(part) for part in zip(*raced, strict=True))
    return [against(loss[i], log[i], loss[0], log[0], diverged[i]) for i in range(len(loss))]


def _scores(condition: Condition, entry: Entry, thetas, problems: int):
    """mean_loss, mean_log (θs, problems) and the number of diverged runs (θs,)."""
    runs = race(entry, thetas, Problems(condition.subject, "report", range(problems), condition.steps)).runs
    floor = condition.subject.task.floor
    loss, log = (METRICS[name].score(runs, floor) for name in SHOWN)
    return loss, log, np.sum(runs.diverged >= 0, axis=-1)


def against(loss, log, base_loss, base_log, diverged) -> Score:
    """One entry's scores (problems,) beside those of a base."""
    pairs = zip(SHOWN, ((loss, base_loss), (log, base_log)), strict=True)
    pair, apart = (
        statistics.ratio(*pair, statistics.generator(), difference=METRICS[name].differs) for name, pair in pairs
    )
    return Score(float(loss.mean()), float(log.mean()), _plain(pair), _plain(apart), int(diverged))


def _plain(interval) -> dict[str, float]:
    return {name: float(value) for name, value in interval._asdict().items()}
