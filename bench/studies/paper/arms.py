"""Where constant and alternating gradients lead, and what the rate is there: the paper's figure on adaptation."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.probes.dynamics.constant_gradients import MORE, STEPS, slope
from bench.probes.dynamics.fixed_points import SAME, spectral_radius
from bench.probes.dynamics.newton import distance
from bench.probes.dynamics.subject import Subject
from bench.probes.dynamics.system import DIFFERENCE, System
from bench.studies.paper import grids

CHANGE = 0.05
"""Largest relative change of a rate over MORE further steps in a state that counts as settled."""
POINTS = 41
"""Gradients at which the slope of an update curve is measured."""


def arms(subject: Subject, task: str) -> dict[str, Any]:
    """One row for each constant gradient g* of the paper's grid, both signs and 0, ascending (G,).

    rates: −∂dx/∂g at g = 0 in the state reached from rest after STEPS + MORE steps. centred: the steepest slope of
    the update curve of that state. settled: the last MORE steps changed the rate by less than CHANGE. radii: spectral
    radius of the state's Jacobian under g*. cosine: of the angle between both arms' tips, seen from rest.
    """
    system, t, size = subject.system, subject.settled, grids.constant(task, subject.largest)
    gradients = np.concatenate([-size[::-1], [0.0], size])
    early = system.hold(np.tile(subject.base, (len(gradients), 1)), gradients, t, STEPS)
    states = system.hold(early, gradients, t, MORE)
    before, rates = (rate(system, found, 0.0, t) for found in (early, states))
    middle = len(size)
    return {
        "gradients": gradients,
        "rates": rates,
        "centred": _steepest(system, states, grids.update_range(task, subject.largest), t),
        "settled": np.abs(rates - before) <= CHANGE * np.abs(rates),
        "radii": [spectral_radius(system.jacobian(state, g, t).J) for state, g in zip(states, gradients, strict=True)],
        "cosine": _cosine(states[0] - states[middle], states[-1] - states[middle]),
    }


def alternating(subject: Subject, task: str) -> dict[str, Any]:
    """Rates after the horizon's steps of gradients ±g*, relative to that at rest: means over both last signs (G,)."""
    system, t, size = subject.system, subject.settled, grids.constant(task, subject.largest)
    signs = (-1.0) ** np.arange(subject.horizon + 1)
    states = system.rollout(np.tile(subject.base, (len(size), 1)), signs[:, None] * size, t, frozen=True)[0][-2:]
    rates = np.mean([rate(system, state, 0.0, t) for state in states], axis=0)
    rest = float(rate(system, subject.base[None], 0.0, t)[0])
    return {"gradients": size, "over_rest": rates / rest}


def ends(subject: Subject) -> int:
    """How many different states the visited ones reach without gradients, STEPS steps on."""
    system = subject.system
    found: list[np.ndarray] = []
    for state in system.hold(subject.states, np.zeros(len(subject.states)), subject.settled, STEPS):
        if not any(distance(system, state, other) < SAME for other in found):
            found.append(state)
    return len(found)


def rate(system: System, states: np.ndarray, g: Any, t: int) -> np.ndarray:
    """−∂dx/∂g (N,) in states (N, n) at gradients g."""
    return slope(system, states, g, DIFFERENCE * system.gradient_scale, t)


def _steepest(system: System, states: np.ndarray, largest: float, t: int) -> np.ndarray:
    """The largest −∂dx/∂g (N,) over gradients of both signs up to `largest`, close together at 0."""
    points = largest * np.sinh(np.linspace(-8, 8, POINTS)) / np.sinh(8)
    return np.max([rate(system, states, point, t) for point in points], axis=0)


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    sizes = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / sizes) if sizes > 0 else np.nan
