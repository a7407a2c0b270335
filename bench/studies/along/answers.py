"""What gradients met do to the learning rate, as factors of the rate at rest: the adaptation part of `numbers`.

A rate is −∂dx/∂g at g = 0. Two questions. Which rate does a constant gradient g lead to, once the state has settled
(`at_zero`, and `centred`: the largest slope of the update curve there, which a saturating curve that is only pushed
sideways keeps)? And which do `horizon` steps of one size lead to, by their signs: all the same, alternating, or
Gaussian? Sign agreement answers the first with a rise and the others with a fall; a memory of sizes, as RMSProp's,
answers all with a fall. Shapes: G sizes of gradient, two arms, +g first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.probes.dynamics.constant_gradients import slope
from bench.probes.dynamics.system import DIFFERENCE
from bench.probes.mechanisms.rate_changes import common

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Subject

DOWN, UP, POINTS = 1e-2, 10.0, 10
"""Constant gradients, so many, from and to these multiples of the typical one."""
ROUND, ROUNDS = 2000, 5
"""Steps after which it is asked whether a rate has settled, and how often."""
SETTLED = 0.05
"""Largest relative change of a rate over a round in a state that counts as settled."""
STREAMS = 16
"""Gaussian histories, each with its mirror image."""
CURVE = np.concatenate([[0.0], np.geomspace(1e-2, 10, 25)])
"""Gradients of an update curve, over the typical one."""
FLOOR = 1e-3
"""Factors below are written as this one: a rate of zero or of the wrong sign has no logarithm."""


class Answers(NamedTuple):
    """Factors of the rate at rest. at_zero, centred: (2, G), NaN where the state does not settle.

    constant, alternating, gaussian: after runs of the typical gradient and of the largest, geometric means over mirror
    images.
    """

    gradients: np.ndarray
    at_zero: np.ndarray
    centred: np.ndarray
    constant: tuple[float, float]
    alternating: tuple[float, float]
    gaussian: tuple[float, float]

    @property
    def change(self) -> float:
        """What both arms share at the largest gradient that leads to a settled state."""
        return _last(shared(self.at_zero))

    @property
    def change_centred(self) -> float:
        """What both arms and both definitions share there."""
        return _last(shared(np.concatenate([self.at_zero, self.centred])))

    @property
    def rise(self) -> float:
        """The highest factor that both arms share, 1 if no gradient raises the rate; NaN for none."""
        found = shared(self.at_zero)
        return float(max(np.nanmax(found), 1.0)) if np.isfinite(found).any() else np.nan


def answers(subject: Subject, typical: float) -> Answers:
    """What the optimizer's rate becomes under constant gradients around `typical`, and under runs of that size."""
    system, t, grid = subject.system, subject.settled, typical * np.geomspace(DOWN, UP, POINTS)
    rest = _rates(subject, subject.base[None], typical)[0]
    widest = _slopes(subject, subject.base[None], typical)[0]
    states, settled = _hold(subject, grid, typical)
    at_zero = np.where(settled, _factor(_rates(subject, states, typical).reshape(2, -1), rest), np.nan)
    centred = np.where(settled, _factor(_slopes(subject, states, typical).reshape(2, -1), widest), np.nan)
    runs = np.ones((subject.horizon, 1)), (-1.0) ** np.arange(subject.horizon)[:, None], _gaussian(subject.horizon)

    def after(run: np.ndarray, size: float) -> float:
        signed = size * np.concatenate([run, -run], axis=1)
        states = system.rollout(np.tile(subject.base, (signed.shape[1], 1)), signed, t, frozen=True)[0][-1]
        return _middle(_factor(_rates(subject, states, typical), rest))

    found = ((after(run, typical), after(run, UP * typical)) for run in runs)
    return Answers(grid, at_zero, centred, *found)


def shared(factors: np.ndarray) -> np.ndarray:
    """(G,) of factors (k, G): in each column the one nearest to 1 if all lie on one side of it, else 1.

    >>> shared(np.array([[2.0, 0.5, 2.0], [3.0, 0.25, 0.5]]))
    array([2. , 0.5, 1. ])
    """
    return np.exp(common(np.log(factors)))


def _last(factors: np.ndarray) -> float:
    """The last that is known; NaN for none."""
    kept = factors[np.isfinite(factors)]
    return float(kept[-1]) if len(kept) else np.nan


def _hold(subject: Subject, grid: np.ndarray, typical: float) -> tuple[np.ndarray, np.ndarray]:
    """States (2 G, n) that constant gradients ±grid lead to, and whether the rate (2, G) has settled there."""
    signed = np.concatenate([grid, -grid])
    states = np.tile(subject.base, (len(signed), 1))
    before, change = _rates(subject, states, typical), np.full(len(signed), np.nan)
    for _ in range(ROUNDS):
        states = subject.system.hold(states, signed, subject.settled, ROUND)
        after = _rates(subject, states, typical)
        with np.errstate(all="ignore"):
            change = np.abs(after / before - 1)
        if np.all(change < SETTLED / 10):
            break
        before = after
    return states, (change < SETTLED).reshape(2, -1)


def _rates(subject: Subject, states: np.ndarray, size: float) -> np.ndarray:
    """Rates (N,) in states (N, n), differences taken well below gradients of `size`."""
    return slope(subject.system, states, 0.0, DIFFERENCE * size, subject.settled)


def _slopes(subject: Subject, states: np.ndarray, typical: float) -> np.ndarray:
    """Largest slope (N,) of the update curves of states (N, n), up to ten times the typical gradient of both signs."""
    size = typical * CURVE
    points = np.concatenate([-size[:0:-1], size])
    rows = np.repeat(states, len(points), axis=0)
    dx = subject.system.step(rows, np.tile(points, len(states)), subject.settled)[1].reshape(len(states), -1)
    return np.max(-np.diff(dx, axis=1) / np.diff(points), axis=1)


def _gaussian(steps: int) -> np.ndarray:
    return np.random.default_rng(2).standard_normal((steps, STREAMS))


def _factor(rates: np.ndarray, rest: float) -> np.ndarray:
    """Over the rate at rest, at least FLOOR."""
    with np.errstate(all="ignore"):
        return np.where(np.isfinite(rates / rest), np.maximum(rates / rest, FLOOR), np.nan)


def _middle(factors: np.ndarray) -> float:
    """Geometric mean; NaN where one is not known."""
    return float(np.exp(np.mean(np.log(factors))))
