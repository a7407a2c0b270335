"""θ on held-out problems: what the best is chosen by, and what the progress line shows."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from bench.lookup.named import NamedTask
from bench.metatraining.settings import Settings
from bench.metatraining.state import State
from bench.records.record import Runs
from bench.scores.metrics import METRICS
from optimizers import Entry

TIMES = 12
"""Validations of a training."""


class HeldOut(NamedTuple):
    """`score`: meta-loss, mean over tasks. `shown`: of all problems together. `means`: mean loss of every task."""

    score: float
    shown: dict[str, float]
    means: list[float]


def marks(steps: int) -> set[int]:
    """Iterations after which to validate."""
    return {round(steps * (i + 1) / TIMES) for i in range(TIMES)} | {steps}


def problems_of(subject: NamedTask, settings: Settings) -> range:
    """Numbers of the held-out problems of a task."""
    return range(settings.validation or (128 if subject.task.tile[1] >= 32 else 32))


def race_held_out(subject: NamedTask, entry: Entry, theta: Any, settings: Settings, **more) -> Runs:
    """Runs (problems,) of `entry` with `theta` on the held-out problems of a task."""
    from bench.engine.problems import Problems
    from bench.engine.race import race

    seeds = problems_of(subject, settings)
    raced = race(entry, [theta], Problems(subject, "validate", seeds, settings.unroll), **more)
    return Runs(raced.runs.steps, *(values[0] for values in raced.runs[1:]))


def mean_loss(subject: NamedTask, runs: Runs) -> float:
    """Mean over problems of the metric `mean_loss`."""
    return float(np.mean(METRICS["mean_loss"].score(runs, subject.task.floor)))


def held_out(architecture: Any, subjects: list[NamedTask], theta: Any, settings: Settings):
    """HeldOut of `theta` over all tasks of a mixture."""
    import tensorflow as tf

    from bench.metatraining.metalosses import meta_loss

    entry = Entry("in-training", "learned", architecture.build)
    runs = [race_held_out(subject, entry, theta, settings, record="all") for subject in subjects]
    curves = [run.losses.T for run in runs]
    loss = meta_loss(settings.loss, settings.log_weight)
    score = float(np.mean([loss(tf.constant(curve)) for curve in curves]))
    ratio = np.concatenate([(curve / curve[:1]).ravel() for curve in curves]).astype("float64")
    shown = {"mean": float(ratio.mean()), "log10": float(np.log10(ratio + 1e-14).mean())}
    pairs = zip(subjects, runs, strict=True)
    return HeldOut(score, shown, [mean_loss(subject, run) for subject, run in pairs])


def keep(state: State, found: HeldOut) -> State:
    """The state that knows of a validation; θ is the best when its score is the lowest so far."""
    row = [state.iteration, found.score, *found.shown.values()]
    state = dataclasses.replace(state, shown=found.shown, means=found.means, history=[*state.history, row])
    if not (np.isfinite(found.score) and found.score < state.score):
        return state
    return dataclasses.replace(state, score=found.score, best=dict(state.theta))
