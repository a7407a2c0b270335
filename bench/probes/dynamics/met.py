"""What a system met: gradients, states, runs; and where it rests without gradients."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from bench.probes.dynamics.fixed_points import FixedPoint, find
from bench.probes.dynamics.live import faint, last_step, left
from bench.probes.dynamics.system import ProbeError, System

SAMPLE = 32
"""Visited states at which local quantities are measured again."""


class Visited(NamedTuple):
    """What an optimizer met on a task: gradients: (M,), states: (M, n) packed by `bench.probes.pack`, or None.

    Without states the system is run on the gradients, taken as consecutive runs of `horizon` steps.
    """

    gradients: np.ndarray
    states: np.ndarray | None
    horizon: int
    curvature: tuple[float, float] | None = None
    """Smallest and largest Hessian eigenvalue over the task's problems, where they are known."""
    tuned: tuple[float, float] | None = None
    """(learning rate, momentum) of the heavy ball tuned on the task, where it is known."""


@dataclass(frozen=True)
class Met:
    """gradients: (M,) finite. states: (≤ 32, n) drawn from the visited ones. horizon: steps of a run.

    Everything asked at rest is asked at the step count `settled`.
    """

    system: System
    gradients: np.ndarray
    states: np.ndarray
    horizon: int
    visited_states: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    """All finite visited states: (M, n); `states` are drawn from them."""
    runs: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 0)))
    """States (R ≤ 32, T + 1, n) of runs from h0 on the visited gradients; R = 0 if states were given."""
    curvature: tuple[float, float] | None = None
    tuned: tuple[float, float] | None = None
    brief: bool = False
    """Whether a probe may leave out what neither its verdict nor its main numbers need: one of many is read."""

    @classmethod
    def of(cls, system: System, visited: Visited, brief: bool = False) -> Self:
        """Raises ProbeError when no gradient is finite and different from zero."""
        given = np.asarray(visited.gradients, float).reshape(-1)
        gradients = given[np.isfinite(given)]
        if not np.any(gradients):
            raise ProbeError("no gradient that it met is finite and different from zero")
        states, runs = _visited_states(system, gradients, visited)
        typical = np.quantile(np.abs(gradients[gradients != 0]), 0.9)
        generator = np.random.default_rng(0)
        sample = generator.permutation(len(states))[:SAMPLE]
        scaled, kept = system.scaled(states, typical), states[sample]
        known = visited.curvature, visited.tuned
        return cls(scaled, gradients, kept, visited.horizon, states, runs, *known, brief)

    @cached_property
    def settled(self) -> int:
        """The step count at which fixed points and responses are taken: the last at which it still moves."""
        return last_step(self.system, self.typical, self.horizon)

    @cached_property
    def faint(self) -> str:
        """Why nothing is claimed of what is done at rest; empty where something may be."""
        return faint(left(self.system, self.base, self.typical, self.settled, self.horizon))

    @property
    def largest(self) -> float:
        """Largest visited |gradient|."""
        return float(np.max(np.abs(self.gradients)))

    @property
    def typical(self) -> float:
        """90th percentile of the visited |gradient| > 0."""
        return self.system.gradient_scale

    @cached_property
    def fixed_points(self) -> list[FixedPoint]:
        """The fixed points at zero gradient, the one reached from h0 first."""
        return find(self.system, self.starts, 0.0, self.settled)

    @cached_property
    def starts(self) -> np.ndarray:
        """Starts for Newton, the relaxed initial state first: (≤ 34, n)."""
        raw = np.concatenate([self.system.h0[None], self.states[: SAMPLE // 2]])
        return np.concatenate([self.system.relax(raw, 0.0, self.settled), raw])

    @property
    def rest(self) -> FixedPoint | None:
        """Where the optimizer settles without gradients, or None."""
        return self.fixed_points[0] if self.fixed_points else None

    @property
    def base(self) -> np.ndarray:
        """The resting state (n,), or the relaxed initial state where there is none."""
        return self.rest.state if self.rest else self.starts[0]

    @cached_property
    def drift(self) -> np.ndarray:
        """States (horizon + 1, n) from h0 without gradients, the step count running from 0."""
        return self.system.rollout(self.system.h0[None], np.zeros((self.horizon, 1)))[0][:, 0]


def _visited_states(system: System, gradients: np.ndarray, visited: Visited):
    """All finite visited states (M, n), and runs (R, T + 1, n)."""
    n = len(system.h0)
    runs = np.zeros((0, visited.horizon + 1, n))
    if visited.states is not None:
        states = np.asarray(visited.states, float)
        if states.ndim != 2 or states.shape[1] != n:
            raise ProbeError(f"visited states have shape {states.shape}; expected (M, {n})")
    else:
        runs = _runs(system, gradients, visited.horizon)
        count, length = len(runs), runs.shape[1] - 1
        states = runs[:, :-1].swapaxes(0, 1).reshape(count * length, n)
    finite = states[np.isfinite(states).all(axis=1)]
    return finite if len(finite) else system.h0[None], runs


def _runs(system: System, gradients: np.ndarray, horizon: int) -> np.ndarray:
    """States (R, T + 1, n) from h0 on gradients taken as consecutive runs, of which R ≤ 32 spread ones are kept."""
    length = min(horizon, len(gradients))
    runs = gradients[: len(gradients) // length * length].reshape(-1, length)
    spread = np.linspace(0, len(runs) - 1, min(SAMPLE, len(runs))).round().astype(int)
    start = np.tile(system.h0, (len(spread), 1))
    return system.rollout(start, runs[spread].T)[0].swapaxes(0, 1)
