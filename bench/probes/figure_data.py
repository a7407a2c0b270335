"""What the figures show beyond the readings: state space, modes, update curves, arms of fixed points, as plain arrays.

n: size of the state, p ≤ 5: principal axes, G: gradients. Everything is exact or drawn from the visited states.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.probes.dynamics.eigenmodes import Eigenmodes
from bench.probes.dynamics.fixed_points import modes_at
from bench.records.files import strict

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Subject

PER_DECADE = 40
QUIET, LEAST = 1e-3, 1e-5
"""Update curves start at the lower quartile of |g|, but between these multiples of the typical one."""
REACH = 3.0
"""They end at this multiple of the largest gradient met."""
VISITED = 6
"""Visited states whose update curves are drawn."""
RUNS = 12
"""Runs whose path through the state space is kept."""
BARS = 60
ARM_CURVES = 5
"""Fixed points of each arm whose update curves are drawn."""
FINE = 41


@np.errstate(all="ignore")
def portrait(subject: Subject) -> dict[str, Any]:
    """JSON-ready parts: space, modes, update, density, arms, arm_curves; non-finite numbers are None."""
    return strict(
        {
            "space": _space(subject),
            "modes": _modes(subject),
            "update": _update(subject),
            "density": _density(subject),
            "arms": _arms(subject),
            "arm_curves": _arm_curves(subject),
        }
    )


def _space(subject: Subject) -> dict[str, Any]:
    """Coordinates on the principal axes in the state's own units, and each axis's share of variance (p,)."""
    dynamics = subject.dynamics
    held = dynamics.projected
    return {
        "shares": dynamics.plain_axes.shares,
        "visited": held["visited"],
        "runs": held["runs"][:RUNS],
        "drift": held["drift"],
        "rest": held["rest"],
        "arms": held["arms"],
        "stability": subject.rest.stability if subject.rest else "none",
    }


def _modes(subject: Subject) -> dict[str, Any]:
    """Eigenvalues at rest, conjugates apart, with |alpha| of their mode: (m,); alpha None where rates do not exist."""
    found, rated = _eigenmodes(subject)
    if found is None:
        return {"real": [], "imaginary": [], "rates": []}
    turning = found.decay.imag > 0
    decay = np.concatenate([found.decay, found.decay[turning].conj()])
    rates = np.abs(np.concatenate([found.alpha, found.alpha[turning]]))
    shown = rates if rated else np.full(len(rates), np.nan)
    return {"real": decay.real, "imaginary": decay.imag, "rates": shown}


def _eigenmodes(subject: Subject) -> tuple[Eigenmodes | None, bool]:
    if subject.rest is None or not math.isfinite(subject.rest.spectral_radius):
        return None, False
    try:
        return modes_at(subject.system, subject.rest, subject.settled)
    except np.linalg.LinAlgError:
        return None, False


def _update(subject: Subject) -> dict[str, Any]:
    """dx(g; h) over gradients (G,) of both signs and 0: at h0 and step 0, at rest, and at visited states (≤ 6, G)."""
    system, t = subject.system, subject.settled
    low, high = _range(subject)
    sizes = np.geomspace(low, high, max(int(PER_DECADE * math.log10(high / low)), 2))
    gradients = np.concatenate([-sizes[::-1], [0.0], sizes])
    states = np.concatenate([subject.base[None], spread_out(subject.states, subject.base, VISITED)])
    rows = np.repeat(states, len(gradients), axis=0)
    settled = system.step(rows, np.tile(gradients, len(states)), t)[1].reshape(len(states), -1)
    start = np.repeat(system.h0[None], len(gradients), axis=0)
    return {
        "gradients": gradients,
        "initial": system.step(start, gradients, 0)[1],
        "rest": settled[0],
        "visited": settled[1:],
    }


def _range(subject: Subject) -> tuple[float, float]:
    """Smallest and largest |g| shown."""
    sizes = np.abs(subject.gradients)
    quartile = float(np.quantile(sizes[sizes > 0], 0.25))
    low = min(max(quartile, LEAST * subject.typical), QUIET * subject.typical)
    return low, REACH * subject.largest


def spread_out(states: np.ndarray, start: np.ndarray, count: int) -> np.ndarray:
    """Up to `count` of states (N, n), each the farthest from `start` (n,) and from those before it (Gonzalez, 1985)."""
    left, chosen = np.linalg.norm(states - start, axis=1), []
    for _ in range(min(count, len(states))):
        chosen.append(int(np.argmax(left)))
        left = np.minimum(left, np.linalg.norm(states - states[chosen[-1]], axis=1))
    return states[chosen]


def _density(subject: Subject) -> dict[str, Any]:
    """Counts of visited gradients: of |g| in cells of equal width in log |g|, and how many are 0."""
    sizes = np.abs(subject.gradients)
    low, high = _range(subject)
    edges = np.geomspace(low, high, BARS + 1)
    positive = subject.gradients[subject.gradients > 0]
    negative = -subject.gradients[subject.gradients < 0]
    return {
        "edges": edges,
        "positive": np.histogram(positive, edges)[0],
        "negative": np.histogram(negative, edges)[0],
        "below": int(np.sum(sizes < low)),
        "total": len(sizes),
        "largest": subject.largest,
        "typical": subject.typical,
    }


def _arms(subject: Subject) -> dict[str, Any]:
    """h*(g) for 16 gradients of each sign and 0: local rate, update and stability of each."""
    arms = subject.dynamics.arms
    return {"gradients": arms.gradients, "rates": arms.rates, "updates": arms.updates, "stability": arms.stability}


def _arm_curves(subject: Subject) -> dict[str, Any]:
    """dx(g; h*) − dx(0; h*) at small gradients (41,) at h*(g*), `held` g* being 0 and five of each arm."""
    arms = subject.dynamics.arms
    half = len(arms.gradients) // 2
    shown = np.linspace(0, half, ARM_CURVES, endpoint=False).round().astype(int)
    rows = np.concatenate([shown, [half], len(arms.gradients) - 1 - shown[::-1]])
    gradients = np.linspace(-1, 1, FINE) * 0.1 * subject.typical
    states = np.repeat(arms.states[rows], FINE, axis=0)
    updates = subject.system.step(states, np.tile(gradients, len(rows)), subject.settled)[1]
    curves = updates.reshape(len(rows), FINE)
    return {"held": arms.gradients[rows], "gradients": gradients, "changes": curves - curves[:, FINE // 2][:, None]}
