"""The reverse: tuned momentum and Adam given the schedule or the clip that was found in a learned optimizer.

Every variant is tuned anew on the same tuning problems with the same trials, for the metric shown, and raced on the
same report problems as its plain base and the teacher.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from bench.engine.problems import Problems
from bench.engine.race import race
from bench.lookup.named import NamedTask
from bench.running.tuning import best_theta, score_trials
from bench.scores.metrics import METRICS
from bench.studies.distillation.scores import SHOWN, Score, against
from bench.studies.distillation.starts import Starts
from optimizers import Entry, get
from optimizers.learned.borrowed import BASES, PLAIN, Borrowed

TUNING_PROBLEMS = 32


class Borrowing(NamedTuple):
    """A base with what it was given; θ tuned for mean_loss; scores against the plain base and against the teacher."""

    base: str
    given: str
    theta: dict[str, float]
    against_plain: Score
    against_teacher: Score


def borrowings(starts: Starts) -> dict[str, dict[str, float]]:
    """What there is to borrow, by name: the constants of a schedule and of a clip, where the probes found them."""
    found: dict[str, dict[str, float]] = {"nothing": {}}
    schedule = starts.schedule()
    if starts.readings["schedule"].verdict == "present" and schedule is not None:
        found["schedule"] = schedule
    knee = starts.value("clipping", "knee")
    if starts.readings["clipping"].verdict == "present" and knee is not None:
        found["clip"] = {"log_knee": math.log(knee)}
    if len(found) == 3:
        found["schedule and clip"] = found["schedule"] | found["clip"]
    return found


def reverse(
    subject: NamedTask,
    starts: Starts,
    teacher: tuple[Entry, Mapping[str, Any]],
    *,
    trials: int,
    problems: int,
    steps: int,
) -> list[Borrowing]:
    """Every base with every borrowing, the plain base first."""
    shown = _shown(subject, teacher[0], {name: teacher[1] for name in SHOWN}, problems, steps)
    found = []
    for base in BASES:
        plain = None
        for given, constants in borrowings(starts).items():
            entry = borrower(base, constants)
            table, _ = score_trials(entry, trials, Problems(subject, "tune", range(TUNING_PROBLEMS), steps))
            thetas = {name: best_theta(entry, table, name) for name in SHOWN}
            scores = _shown(subject, entry, thetas, problems, steps)
            plain = scores if plain is None else plain
            loss, log, diverged = scores
            pair = [against(loss, log, other[0], other[1], diverged) for other in (plain, shown)]
            found.append(Borrowing(base, given, thetas["mean_loss"], pair[0], pair[1]))
    return found


def borrower(base: str, constants: Mapping[str, float]) -> Entry:
    """`base` in the space of the registered entry of that name, with borrowed constants."""
    space = get(base).space
    defaults = BASES[base] | PLAIN | dict(constants)
    return Entry(f"borrowed-{base}", "hand-designed", _build(base), space, defaults)


@functools.cache
def _build(base: str) -> Any:
    """One and the same function for a base, so that its compiled programs are used again."""
    return Borrowed(base).build


def _shown(subject: NamedTask, entry: Entry, thetas, problems: int, steps: int):
    """Scores (problems,) by mean_loss and mean_log, each of the θ for it, and the diverged runs of the former."""
    distinct = [thetas["mean_loss"]]
    if thetas["mean_log"] is not thetas["mean_loss"]:
        distinct.append(thetas["mean_log"])
    runs = race(entry, distinct, Problems(subject, "report", range(problems), steps)).runs
    floor = subject.task.floor
    loss, log = (np.asarray(METRICS[name].score(runs, floor)) for name in SHOWN)
    return loss[0], log[-1], np.sum(runs.diverged[0] >= 0)
