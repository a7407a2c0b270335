"""States that gradients of one size lead to, and the rates found there.

Shapes: G sizes of gradient, both signs first +g then −g; S streams of random gradients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.probes.dynamics.fixed_points import solve

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Subject

RELAXATION = 2000
STREAMS = 4
CANDIDATES = 10
"""Braking gradients tried of each sign, over two decades up to the gradient's size."""
BRAKING = 60
"""Most steps of braking; Adam's velocity takes 7, a clipped heavy ball's as long as its memory."""
STOPPED = 0.02
"""Part of the carried update at which braking may stop."""


def both_signs(gradients: np.ndarray) -> np.ndarray:
    return np.concatenate([gradients, -gradients])


def hold(subject: Subject, gradients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """h*(±g) by Newton and the states that relaxing really reached, both (2 G, n).

    Where Newton fails the relaxed states stand for h*(±g).
    """
    system, t = subject.system, subject.settled
    signed = both_signs(gradients)
    start = np.tile(subject.base, (len(signed), 1))
    relaxed = system.relax(start, signed, t, RELAXATION)
    points, residuals = solve(system, relaxed, signed, t)
    return np.where((residuals < 1e-6)[:, None], points, relaxed), relaxed


def settle(subject: Subject, states: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """The states (2 G, n) after a hundred more steps of their gradients."""
    return subject.system.relax(states, both_signs(gradients), subject.settled, 100)


def histories(subject: Subject, gradients: np.ndarray) -> np.ndarray:
    """States (S G, n) after `horizon` Gaussian gradients of each size, from rest."""
    generator = np.random.default_rng(2)
    sizes = np.tile(gradients, STREAMS)
    draws = generator.standard_normal((subject.horizon, STREAMS, 1)) + np.zeros(len(gradients))
    run = sizes * draws.reshape(subject.horizon, -1)
    start = np.tile(subject.base, (len(sizes), 1))
    return subject.system.rollout(start, run, subject.settled, frozen=True)[0][-1]


def secants(subject: Subject, states: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Both arms (2, G) of −(dx(g) − dx(0 at rest)) / g at the states (2 G, n) of ±g.

    Their mean, (dx(−g) − dx(g)) / 2 |g|, is free of the update at rest.
    """
    signed = both_signs(gradients)
    system, t = subject.system, subject.settled
    rest = system.step(subject.base[None], 0.0, t)[1]
    return (-(system.step(states, signed, t)[1] - rest) / signed).reshape(2, -1)


def local_rates(subject: Subject, states: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """−∂dx/∂g at g = 0: (k, G) in k states of each gradient, states: (k G, n).

    Difference steps of g / 1000, checked against g / 100; NaN where they disagree.
    """
    rates = []
    for part in (1e-3, 1e-2):
        size = part * np.tile(gradients, len(states) // len(gradients))
        up, down = (subject.system.step(states, s * size, subject.settled)[1] for s in (1, -1))
        rates.append((down - up) / (2 * size))
    with np.errstate(all="ignore"):
        unstable = ~(np.abs(rates[1] - rates[0]) <= 0.02 * np.abs(rates[0]))
    return np.where(unstable, np.nan, rates[0]).reshape(-1, len(gradients))


def brake(subject: Subject, states: np.ndarray, gradients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The states (k G, n) brought to carry no update by gradients no larger than their own, and what part of the
    carried update is left: (k G,).

    What is carried is the update at zero gradient, less that at rest. Every step takes, of 21 gradients, the one after
    which least is carried; a row stops when none helps.
    """
    size = np.tile(gradients, len(states) // len(gradients))
    h, before = states.copy(), _carried(subject, states)
    left = before.copy()
    moving = left > 0
    for _ in range(BRAKING):
        rows = np.flatnonzero(moving)
        if not len(rows):
            break
        after, carried = _best_step(subject, h[rows], size[rows])
        better = carried < left[rows]
        h[rows[better]], left[rows[better]] = after[better], carried[better]
        moving[rows] = better & (left[rows] > STOPPED * before[rows])
    with np.errstate(all="ignore"):
        return h, np.where(before > 0, left / before, 0.0)


def _carried(subject: Subject, states: np.ndarray) -> np.ndarray:
    system, t = subject.system, subject.settled
    rest = system.step(subject.base[None], 0.0, t)[1]
    return np.abs(system.step(states, 0.0, t)[1] - rest)


def _best_step(subject: Subject, states: np.ndarray, size: np.ndarray):
    """After one gradient, the state that carries least, and what it carries."""
    part = np.geomspace(1e-2, 1, CANDIDATES)
    part = np.concatenate([-part, [0.0], part])
    rows = np.repeat(states, len(part), axis=0)
    after = subject.system.step(rows, (size[:, None] * part).reshape(-1), subject.settled)[0]
    carried = _carried(subject, after).reshape(-1, len(part))
    carried = np.where(np.isfinite(carried), carried, np.inf)
    best = np.argmin(carried, axis=1)
    chosen = np.arange(len(states))
    return after.reshape(len(states), len(part), -1)[chosen, best], carried[chosen, best]
