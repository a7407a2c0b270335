"""The learning rate along real runs, and whether the step or recent gradients explain its change.

Along a run the rate also changes for what the gradients do, and gradients change with the step. So two regressions of
log rate stand beside each other: on the step alone (a mean for every step) and on the size of recent gradients alone (a
cubic in its logarithm), and what the step explains beyond the gradients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bench.probes.dynamics.runs import followed, states_along
from bench.probes.dynamics.system import DIFFERENCE, System
from bench.probes.reading import exact

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Subject

DECAYS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98)
"""Memories of "recent": the one that explains most is taken."""
SHOWN = (0, 1, 2, 5, 10, 20, 50, 100, 200)
STEADY = 0.02
"""Standard deviation of log rate below which there is nothing to explain."""
STABLE = 0.02
"""Largest relative change of a rate over a tenfold difference step."""
FEWEST = 50


def local_rates(system: System, h: np.ndarray, t: int) -> np.ndarray:
    """−∂dx/∂g (N,) at g = 0 in states h: (N, n); NaN where it depends on the difference step."""
    sizes = DIFFERENCE * system.gradient_scale * np.array([1.0, 10.0])
    signed = np.concatenate([sizes, -sizes])
    dx = system.step(np.tile(h, (4, 1)), np.repeat(signed, len(h)), t)[1].reshape(2, 2, len(h))
    small, large = (dx[1] - dx[0]) / (2 * sizes[:, None])
    with np.errstate(all="ignore"):
        return np.where(np.abs(large - small) <= STABLE * np.abs(small), small, np.nan)


def rates_in_runs(subject: Subject) -> tuple[np.ndarray, np.ndarray]:
    """Gradients (R, T) of real runs and the local rate (R, T) before each of their steps."""
    gradients = followed(subject)
    states = states_along(subject, gradients)
    return gradients, np.array([local_rates(subject.system, h, t) for t, h in enumerate(states)]).T


def explained(gradients: np.ndarray, rates: np.ndarray) -> tuple[float, float, float]:
    """Shares of the variance of log |rate| that the step explains, that recent |g| explains, and that the step explains
    beyond recent |g|; adjusted for the number of parameters, NaN where the rate hardly changes.
    """
    with np.errstate(all="ignore"):
        target = np.log(np.abs(rates))
    kept = np.isfinite(target)
    kept[:, 0] = False  # nothing is recent before the first step
    if kept.sum() < FEWEST or np.std(target[kept]) < STEADY:
        return np.nan, np.nan, np.nan
    steps = np.nonzero(kept)[1]
    y = target[kept]
    recents = [_powers(_recent(gradients, decay)[kept]) for decay in DECAYS]
    by_size = [_adjusted(y, _residual(y, powers), powers.shape[1]) for powers in recents]
    best = recents[int(np.argmax(by_size))]
    alone = _adjusted(y, _within(y, steps), len(np.unique(steps)))
    left = _residual(_within(y, steps), _within(best, steps))
    both = _adjusted(y, left, len(np.unique(steps)) + best.shape[1] - 1)
    return alone, max(by_size), both - max(by_size)


def _recent(gradients: np.ndarray, decay: float) -> np.ndarray:
    """Log root of the weighted mean of g² over earlier steps: (R, T), of the first step −∞.

    The weights sum to one from the start, or the mean's own warm-up would stand for the step.
    """
    total, rows = np.zeros(len(gradients)), []
    for t, g in enumerate(gradients.T):
        rows.append(total / max(1 - decay**t, 1e-300))
        total = decay * total + (1 - decay) * g**2
    return 0.5 * np.log(np.maximum(np.array(rows).T, 1e-300))


def _powers(x: np.ndarray) -> np.ndarray:
    """Columns 1, x, x², x³ of x: (N,), standardized first."""
    scaled = (x - x.mean()) / (x.std() or 1.0)
    return scaled[:, None] ** np.arange(4)


def _residual(y: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]


def _within(values: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Values (N,) or (N, k) less their mean over the runs at the same step: (N,)."""
    counts = np.bincount(steps)
    columns = values.reshape(len(steps), -1)
    sums = [np.bincount(steps, column, len(counts)) for column in columns.T]
    means = (np.array(sums) / np.maximum(counts, 1)).T
    return (columns - means[steps]).reshape(values.shape)


def _adjusted(y: np.ndarray, residual: np.ndarray, parameters: int) -> float:
    """1 − (Σ residual² / (N − parameters)) / (Σ (y − mean)² / (N − 1))."""
    freedom = max(len(y) - parameters, 1)
    return float(1 - np.sum(residual**2) / freedom / (np.var(y) * len(y) / (len(y) - 1)))


def read_runs(subject: Subject) -> dict[str, Any]:
    """Values of the schedule probe that come from real runs."""
    gradients, rates = rates_in_runs(subject)
    alone, by_size, beyond = explained(gradients, rates)
    return {
        "explained_by_step": exact(alone),
        "explained_by_gradients": exact(by_size),
        "explained_by_step_beyond": exact(beyond),
        "run_rates": [_at(rates, step) for step in SHOWN if step < rates.shape[1]],
    }


def _at(rates: np.ndarray, step: int) -> dict[str, Any]:
    """Median and quartiles over runs of the rate before a step; None where no run has one."""
    kept = rates[np.isfinite(rates[:, step]), step]
    low, value, high = np.percentile(kept, [25, 50, 75]) if len(kept) else (None, None, None)
    return {"step": step, "value": value, "low": low, "high": high}
