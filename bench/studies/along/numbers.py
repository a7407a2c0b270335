"""From one set of weights to a row of `Numbers`: raced on held-out problems, replayed, and asked four questions."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from bench.engine.problems import Problems
from bench.engine.race import race
from bench.lookup.named import NamedTask
from bench.probes import run
from bench.probes.dynamics.component import system_of
from bench.probes.dynamics.subject import Subject
from bench.probes.mechanisms.clipping import REACH, describe, grid, update_curves
from bench.probes.mechanisms.schedule import rates_along
from bench.scores import metrics
from bench.studies.along.answers import answers
from optimizers import Entry

METRIC = "mean_loss"


class Place(NamedTuple):
    """Where all weights of a study are asked: task, steps of a run, held-out problems of the score."""

    subject: NamedTask
    steps: int
    problems: int


def scores(place: Place, entry: Entry, theta: dict[str, Any]) -> np.ndarray:
    """Score of each held-out problem: (problems,)."""
    at = Problems(place.subject, "report", range(place.problems), place.steps)
    runs = race(entry, [theta], at).runs
    return np.asarray(metrics.get(METRIC).score(runs, place.subject.task.floor)[0], float)


def met(place: Place, entry: Entry) -> Subject:
    """The optimizer as a system, with what it meets on the task; raises UserError or ProbeError."""
    theta = dict(entry.defaults)
    return Subject.of(system_of(entry.build(theta)), run.visited(place.subject, entry, theta, steps=place.steps))


def summary(scored: np.ndarray) -> dict[str, float | None]:
    """`score` and `score_error` of Numbers, from the scores of problems."""
    logs = np.log(scored)
    error = float(np.exp(np.std(logs, ddof=1) / math.sqrt(len(logs)))) if len(logs) > 1 else None
    return {"score": float(np.exp(np.mean(logs))), "score_error": error}


@np.errstate(all="ignore")
def mechanisms(subject: Subject, typical: float) -> dict[str, float | None]:
    """The other fields of Numbers, from what one optimizer met; `typical`: the gradient its rate is asked at."""
    found = answers(subject, typical)
    named = {**_momentum(subject), **_clipping(subject), "peak": _peak(subject)}
    named |= {"change": found.change, "centred": found.change_centred, "rise": found.rise}
    for name in ("constant", "alternating", "gaussian"):
        named[name], named[f"{name}_large"] = getattr(found, name)
    return {name: float(value) if math.isfinite(value) else None for name, value in named.items()}


def _momentum(subject: Subject) -> dict[str, float]:
    modes = subject.dynamics.eigenmodes
    if not len(modes.gain):
        return {"alpha": -float(subject.dynamics.jacobian.D), "beta": 0.0}
    leading = int(np.argmax(np.abs(modes.alpha)))
    return {"alpha": float(modes.alpha[leading].real), "beta": float(modes.momentum[leading])}


def _clipping(subject: Subject) -> dict[str, float]:
    points = grid(1e-5 * subject.typical, REACH * subject.largest)
    knee = float(describe(points, update_curves(subject.system, subject.base[None], points, subject.settled)).knee[0])
    return {"knee": knee, "beyond": math.nan if math.isnan(knee) else float(np.mean(np.abs(subject.gradients) > knee))}


def _peak(subject: Subject) -> float:
    """Largest rate along a run without gradients over its last."""
    rates = np.abs(rates_along(subject.system, subject.drift)[0])
    return float(rates.max() / rates[-1]) if rates[-1] > 0 else math.nan
