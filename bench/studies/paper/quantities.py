"""Numbers that the paper's figures show and no probe reports, of one optimizer as a dynamical system."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.probes.dynamics.subject import Subject
from bench.probes.mechanisms import clipping
from bench.records.files import strict
from bench.studies.paper import grids
from bench.studies.paper.arms import alternating, arms, ends

VERSION = 4
"""Raised whenever a quantity can change."""
RUNS = 32
LATE = 100
"""Step from which a run counts as near rest."""
LAGS = 5
"""Steps after which what is left of a gradient lies in the slow directions."""


def quantities(subject: Subject, task: str) -> dict[str, Any]:
    """{name: number, list or mapping}, None for what is not finite.

    linearity: R² of the update linearised at rest along real runs, from step LATE on ("late") and throughout ("all").
    variance: step at which the variance of the state over runs is largest, and what part of it is left at the end.
    shift: of the change of the update curve along the slow direction, the part that is a shift of the whole curve.
    initial: slope, asymptote and knee of the update curve at the start, over the paper's range; share of the gradients
    met beyond the knee. arms, alternating, ends: bench.studies.paper.arms. axes: shares of variance of the state.
    """
    gradients, states, updates = _runs(subject)
    found = {
        "linearity": _linearity(subject, gradients, states, updates),
        "variance": _variance(states),
        "shift": _shift(subject, states),
        "initial": _initial(subject, task),
        "arms": arms(subject, task),
        "alternating": alternating(subject, task),
        "ends": ends(subject),
        "axes": subject.dynamics.plain_axes.shares,
    }
    return strict(found)


def _runs(subject: Subject):
    """Gradients (T, R), states (T + 1, R, n) and updates (T, R) of at most RUNS real runs."""
    length = min(subject.horizon, len(subject.gradients))
    runs = subject.gradients[: len(subject.gradients) // length * length].reshape(-1, length)
    spread = np.linspace(0, len(runs) - 1, min(RUNS, len(runs))).round().astype(int)
    gradients = runs[spread].T
    start = np.tile(subject.system.h0, (len(spread), 1))
    return gradients, *subject.system.rollout(start, gradients)


def _linearity(subject: Subject, gradients, states, updates) -> dict[str, float]:
    rest, jacobian = subject.base, subject.dynamics.jacobian
    still = subject.system.step(rest[None], 0.0, subject.settled)[1][0]
    predicted = still + (states[:-1] - rest) @ jacobian.C + jacobian.D * gradients
    late = slice(min(LATE, len(updates) // 2), None)
    return {"late": _r2(updates[late], predicted[late]), "all": _r2(updates, predicted)}


def _r2(seen: np.ndarray, predicted: np.ndarray) -> float:
    total = np.sum((seen - seen.mean()) ** 2)
    return float(1 - np.sum((seen - predicted) ** 2) / total) if total > 0 else np.nan


def _variance(states: np.ndarray) -> dict[str, float]:
    total = states.var(axis=1).sum(axis=1)
    peak = int(np.argmax(total))
    left = total[-1] / total[peak] if total[peak] > 0 else np.nan
    return {"peak_step": peak, "left": float(left)}


def _shift(subject: Subject, states: np.ndarray) -> float:
    """Along the direction in which a gradient's trace lies after LAGS steps, as far as runs spread along it."""
    jacobian, system, rest = subject.dynamics.jacobian, subject.system, subject.base
    trace = np.linalg.matrix_power(jacobian.J, LAGS) @ jacobian.B
    size = np.linalg.norm(trace)
    if not size > 0:
        return np.nan
    slow = trace / size
    far = float(np.std((states - rest) @ slow)) * slow
    gradients = subject.typical * np.linspace(-1, 1, 41)
    curves = [
        system.step(np.tile(h, (len(gradients), 1)), gradients, subject.settled)[1]
        for h in (rest, rest + far, rest - far)
    ]
    changes = np.array(curves[1:]) - curves[0]
    total = np.sum(changes**2)
    whole = np.sum(changes.mean(axis=1) ** 2) * len(gradients)
    return float(whole / total) if total > 0 else np.nan


def _initial(subject: Subject, task: str) -> dict[str, float]:
    largest = grids.update_range(task, subject.largest)
    points = clipping.grid(1e-5 * min(subject.typical, largest), largest)
    curve = clipping.update_curves(subject.system, subject.system.h0[None], points, 0)[0]
    slope, asymptote = float(curve[0] / points[0]), float(np.max(np.abs(curve)))
    knee = asymptote / abs(slope) if slope else np.nan
    share = float(np.mean(np.abs(subject.gradients) > knee))
    return {"slope": slope, "asymptote": asymptote, "knee": knee, "share_beyond": share}
