"""States that gradients of one size lead to, and the rates found there.

Shapes: G sizes of gradient; k states of each size and of rest, in that order: rest, then the sizes ascending.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Subject
    from bench.probes.dynamics.system import System

STEPS, MORE = 20_000, 5_000
"""Of a gradient until the state counts as held, and after which the rate has to be the same."""
STREAMS = 4
"""Runs of Gaussian gradients of each size."""
PER_DECADE, BELOW, BEYOND = 8, 5, 3
"""Points of an update curve: in a decade, and decades below and beyond the largest gradient met."""
HALVINGS = 50


def held(subject: Subject, gradients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """States (2, G + 1, n) under 0, g and 0, −g after STEPS steps from rest, and after MORE of them."""
    size = np.concatenate([[0.0], gradients])
    given, t = np.concatenate([size, -size]), subject.settled
    start = np.tile(subject.base, (len(given), 1))
    first = subject.system.hold(start, given, t, STEPS)
    second = subject.system.hold(first, given, t, MORE)
    return first.reshape(2, len(size), -1), second.reshape(2, len(size), -1)


def after_alternating(subject: Subject, gradients: np.ndarray) -> np.ndarray:
    """States (2, G + 1, n) after `horizon` gradients ±g of alternating sign, which the last is −g and g, from rest."""
    return _after(subject, gradients, (-1.0) ** np.add.outer(np.arange(subject.horizon), [0, 1]))


def after_random(subject: Subject, gradients: np.ndarray) -> np.ndarray:
    """States (STREAMS, G + 1, n) after `horizon` Gaussian gradients of each size, from rest."""
    return _after(subject, gradients, np.random.default_rng(2).standard_normal((subject.horizon, STREAMS)))


def _after(subject: Subject, gradients: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """States (k, G + 1, n) after runs of unit size: (T, k), times rest's 0 and each size."""
    size = np.concatenate([[0.0], gradients])
    run = (draws[:, :, None] * size).reshape(len(draws), -1)
    start = np.tile(subject.base, (run.shape[1], 1))
    reached = subject.system.rollout(start, run, subject.settled, frozen=True)[0][-1]
    return reached.reshape(draws.shape[1], len(size), -1)


def secants(subject: Subject, states: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Both arms (2, G) of −(dx(g) − dx(0 at rest)) / g in the states (2, G + 1, n) of `held`.

    Their mean, (dx(−g) − dx(g)) / 2 |g|, is free of the update at rest.
    """
    signed = np.stack([gradients, -gradients])
    system, t = subject.system, subject.settled
    rest = system.step(subject.base[None], 0.0, t)[1]
    rows = states[:, 1:].reshape(signed.size, -1)
    return -(system.step(rows, signed.reshape(-1), t)[1] - rest).reshape(signed.shape) / signed


def at_zero(subject: Subject, states: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """−∂dx/∂g at g = 0: (k, G + 1) in states (k, G + 1, n).

    Difference steps of 1e-5 g, checked against 1e-4 g; NaN where they disagree. At rest g is the smallest.
    """
    k, count, n = states.shape
    size, rows = np.tile(np.concatenate([gradients[:1], gradients]), k), states.reshape(k * count, n)
    fine, coarse = (slope(subject.system, rows, 0.0, part * size, subject.settled) for part in (1e-5, 1e-4))
    stable = np.abs(coarse - fine) <= 0.02 * np.abs(fine)
    return np.where(stable, fine, np.nan).reshape(k, count)


def centered(subject: Subject, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Steepest −∂dx/∂g between g = 0 and the gradient that cancels what the state carries, so that dx is as at rest,
    and the steepest over the gradients met: (k, G + 1) each, in states (k, G + 1, n).

    A curve that a saturating memory has only pushed sideways keeps it. Of several such gradients the smallest; where
    none up to BEYOND decades above the largest met does, the steepest slope over the gradients met.
    """
    k, count, n = states.shape
    system, t, rows = subject.system, subject.settled, states.reshape(k * count, n)
    half = subject.largest * np.logspace(-BELOW, BEYOND, PER_DECADE * (BELOW + BEYOND) + 1)
    g = np.concatenate([-half[::-1], [0.0], half])
    curve = system.step(np.repeat(rows, len(g), axis=0), np.tile(g, len(rows)), t)[1].reshape(len(rows), -1)
    rest = system.step(subject.base[None], 0.0, t)[1]
    zero = _crossing(system, rows, g, curve - rest, rest, t)
    slopes, met = -np.diff(curve, axis=1) / np.diff(g), np.abs(g[1:] + g[:-1]) < 2 * subject.largest
    way = (g[1:] > np.minimum(zero, 0)[:, None]) & (g[:-1] < np.maximum(zero, 0)[:, None])
    way = np.where(np.isnan(zero)[:, None], met, way)
    ends = (slope(system, rows, at, 1e-4 * np.abs(at) + 1e-3 * half[0], t) for at in (np.zeros(len(rows)), zero))
    steepest = np.fmax(np.max(np.where(way, slopes, -np.inf), axis=1), np.fmax(*ends))
    return steepest.reshape(k, count), np.max(slopes[:, met], axis=1).reshape(k, count)


def slope(system: System, rows: np.ndarray, g: Any, step: Any, t: int) -> np.ndarray:
    """−∂dx/∂g (N,) in states (N, n) at gradients g, by differences of ± `step`."""
    up, down = (system.step(rows, g + side * step, t)[1] for side in (1, -1))
    return (down - up) / (2 * step)


def _crossing(system: System, rows: np.ndarray, g: np.ndarray, curve: np.ndarray, rest: Any, t: int) -> np.ndarray:
    """The gradient nearest to 0 at which the curve (N, P) over g: (P,) crosses 0; NaN where it does not."""
    change = (np.sign(curve[:, 1:]) != np.sign(curve[:, :-1])) & np.isfinite(curve[:, 1:] + curve[:, :-1])
    distance = np.where(change, np.minimum(np.abs(g[1:]), np.abs(g[:-1])), np.inf)
    place = np.argmin(distance, axis=1)
    low, high = g[place], g[place + 1]
    left = np.sign(curve[np.arange(len(rows)), place])
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        same = np.sign(system.step(rows, middle, t)[1] - rest) == left
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return np.where(change.any(axis=1), (low + high) / 2, np.nan)
