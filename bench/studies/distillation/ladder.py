"""Distillation: the closed form nearest to an optimizer, term by term, with R² one step ahead on held-out runs.

The teacher is replayed on report problems that no race uses; its updates follow from its gradients by the system of one
parameter, so every component-wise optimizer can be a teacher. Constants start from what the probes read and descend
from there, one term more on every rung of the ladder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench.engine.keys import keys
from bench.errors import UserError
from bench.lookup.named import NamedTask
from bench.probes.dynamics.system import ProbeError
from bench.studies.distillation import fit as fitting
from bench.studies.distillation.fit import Fitted, Material
from bench.studies.distillation.plan import check_entry
from bench.studies.distillation.starts import Starts
from optimizers import Entry
from optimizers.base import with_horizon
from optimizers.learned.closed_form import TERMS, ClosedForm

FIRST_PROBLEM = 10_000
"""Report problems from here on are for fitting; races count from 0."""
HISTORIES = 64
"""Parameters' histories fitted to, and as many held out, at most."""
TRIES = 25
MODES = (0, 1, 2, 3)
WORTH = 0.002
"""What a further mode, or further constants of a schedule, have to add to R² on held-out runs."""


@dataclass(frozen=True)
class Rung:
    """The closed form with the terms so far: its θ, which constants of it were fitted, R² on held-out runs."""

    name: str
    theta: dict[str, float]
    free: tuple[str, ...]
    agreement: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Distilled:
    """`rungs` from linear to adaptation, each with the terms of those before it."""

    architecture: ClosedForm
    rungs: tuple[Rung, ...]
    starts: Starts
    fitted: Material
    held_out: Material
    gradients: int
    """Gradient evaluations of the replayed runs."""

    @property
    def last(self) -> Rung:
        return self.rungs[-1]

    def agreement(self, theta: Mapping[str, Any]) -> dict[str, float]:
        """R² of other constants of the same form on the held-out runs."""
        plain = {name: float(value) for name, value in theta.items()}
        return fitting.agreement(plain, self.architecture.modes, self.held_out)


def distill(subject: NamedTask, entry: Entry, theta: Mapping[str, Any], *, steps: int = 200) -> Distilled:
    """The ladder of closed forms of `entry` with θ; raises UserError for one that has no system of one parameter."""
    fitted, held_out, system, count = replayed(subject, entry, theta, steps)
    starts = Starts.of(system, fitted, steps)
    modes, rungs = ladder(fitted, held_out, starts)
    return Distilled(ClosedForm(modes), rungs, starts, fitted, held_out, count)


def ladder(fitted: Material, held_out: Material, starts: Starts) -> tuple[int, tuple[Rung, ...]]:
    """The number of modes, and rungs from linear to adaptation: each adds its term to the θ of the one below."""
    modes, linear = _modes(fitted, held_out, starts)
    rungs = [_rung("linear", linear, starts.free(modes), modes, held_out)]
    for name, term in TERMS.items():
        base, choices = rungs[-1], []
        for kept in starts.choices(name, term):
            tries = [
                base.theta | {n: v for n, v in start.items() if n in kept or n not in term}
                for start in starts.of_term(name, base.theta)
            ]
            free = [*base.free, *kept]
            best = _best(fitted, modes, tries, free)
            choices.append(_rung(f"+ {name}", best, free, modes, held_out))
        enough = max(rung.agreement["r2"] for rung in choices) - WORTH
        rungs.append(next(rung for rung in choices if rung.agreement["r2"] >= enough))
    return modes, tuple(rungs)


def replayed(subject: NamedTask, entry: Entry, theta: Mapping[str, Any], steps: int):
    """Material to fit to, material held out (of other problems), the teacher's system, gradients spent."""
    from bench.engine.replay import replay
    from bench.engine.sampling import sample
    from bench.probes.dynamics.component import system_of

    check_entry(entry)
    try:
        system = system_of(entry.build(with_horizon(theta, steps)))
    except ProbeError as problem:
        raise UserError(
            f"optimizer {entry.name!r} cannot be distilled: {problem}; choose a component-wise one"
        ) from None
    params = sample(subject.task, keys(subject.name, "report", [FIRST_PROBLEM]))[0]
    size = sum(int(np.prod(leaf.shape[1:])) for leaf in _leaves(params))
    count = int(np.clip(2 * HISTORIES // size, 16, 128))
    seeds = range(FIRST_PROBLEM, FIRST_PROBLEM + count)
    gradients = replay(subject, entry, dict(theta), seeds=seeds, steps=steps).gradients
    halves = gradients[: count // 2], gradients[count // 2 :]
    materials = [_material(entry, subject, system, half.astype("float64")) for half in halves]
    return *materials, system, count * steps


def _leaves(nested):
    import tensorflow as tf

    return tf.nest.flatten(nested)


def _material(entry: Entry, subject: NamedTask, system, gradients: np.ndarray) -> Material:
    """From gradients (problems, steps, parameters), histories that stay finite and are not all zero."""
    histories = gradients.transpose(1, 0, 2).reshape(gradients.shape[1], -1)
    sound = np.isfinite(histories).all(axis=0) & np.any(histories, axis=0)
    histories = histories[:, sound]
    chosen = np.random.default_rng(0).permutation(histories.shape[1])[:HISTORIES]
    histories = histories[:, np.sort(chosen)]
    start = np.tile(system.h0, (histories.shape[1], 1))
    updates = system.rollout(start, histories)[1]
    sound = np.isfinite(updates).all(axis=0)
    if not sound.any() or not np.any(updates[:, sound]):
        raise UserError(
            f"optimizer {entry.name!r} moves nothing, or diverges, on every replayed problem of {subject.name!r}"
        )
    return Material(histories[:, sound], updates[:, sound])


def _modes(fitted: Material, held_out: Material, starts: Starts):
    """The fewest modes whose linear form is within WORTH of the best on held-out runs, and its θ."""
    found: dict[int, dict[str, float]] = {}
    scores: dict[int, float] = {}
    for modes in MODES:
        best = _best(fitted, modes, starts.linear(modes), starts.free(modes))
        found[modes], scores[modes] = best, fitting.agreement(best, modes, held_out)["r2"]
    kept = min(m for m in MODES if scores[m] >= max(scores.values()) - WORTH)
    return kept, found[kept]


def _best(fitted: Material, modes: int, tries, free) -> dict[str, float]:
    fits: list[Fitted] = [fitting.fit(fitted, modes, start, free, TRIES) for start in tries]
    return min(fits, key=lambda one: one.error).theta


def _rung(name: str, theta, free, modes: int, held_out: Material) -> Rung:
    return Rung(name, theta, tuple(free), fitting.agreement(theta, modes, held_out))
