"""What a run leaves behind: losses at recorded steps, and sums over every step kept in the engine's loop.

Only what needs every step is summed there, as each array in the loop's carry costs a pass over memory per step; all
else is made of the recorded losses afterwards.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from bench.records.record import Runs
from bench.scores.metrics import CAP, mean_log, summarize

_NEVER = 2**30


class Summary(NamedTuple):
    """Over the steps so far, each with the tile's two leading axes but for `limit`, the same for configurations."""

    total: Any
    """Sum of loss − offset, `limit` in place of a diverged one."""
    best: Any
    diverged: Any
    """First diverged step, 2³⁰ if there was none."""
    limit: Any
    """CAP × |initial loss − offset|; infinite until the first recorded point."""


def blank(lead: list[int], seeds_outside: bool) -> Summary:
    zeros = tf.zeros(lead)
    limit = zeros[:, :1] if seeds_outside else zeros[:1]
    infinite = limit + np.inf
    return Summary(zeros, zeros + np.inf, tf.fill(lead, _NEVER), infinite)


def note(summary: Summary, step, losses, offset: float) -> Summary:
    """Summary after the losses of `step`; offset ≤ 0 makes them nowhere negative."""
    gap = losses - offset if offset else losses
    sound = gap <= summary.limit
    return Summary(
        summary.total + tf.where(sound, gap, summary.limit),
        tf.minimum(summary.best, tf.where(sound, losses, np.inf)),
        tf.minimum(summary.diverged, tf.where(sound, _NEVER, step)),
        summary.limit,
    )


def settle(summary: Summary, slot, losses, offset: float) -> Summary:
    """Summary whose `limit` is set by the losses of recorded point 0."""
    rows, columns = summary.limit.shape
    limit = CAP * tf.abs(losses[:rows, :columns] - offset)
    return summary._replace(limit=tf.where(slot == 0, limit, summary.limit))


def runs(points: np.ndarray, spaced: np.ndarray, losses, summary, floor: float) -> Runs:
    """Runs (…) of losses (…, K) at `points`; `spaced` are the log-spaced ones among them.

    `summary`: (total, best, diverged) over every step, or None where losses are known at `points` only. The mean
    logarithm is always by the spaced ones.
    """
    logs = mean_log(spaced, losses[..., np.searchsorted(points, spaced)], floor).astype("float32")
    if summary is None:
        known = summarize(points, losses, floor)
        return known._replace(mean_loss=known.mean_loss.astype("float32"), mean_log=logs)
    total, best, diverged = summary
    initial = losses[..., 0] - np.float32(min(floor, 0.0))
    with np.errstate(all="ignore"):
        mean = total / np.float32(points[-1] + 1) / initial
    lost = ~np.isfinite(initial)
    return Runs(
        points,
        losses,
        np.where(lost | ~np.isfinite(mean), np.float32(CAP), np.minimum(mean, np.float32(CAP))),
        logs,
        np.where(lost, np.float32(np.inf), best),
        np.where(lost, 0, np.where(diverged == _NEVER, -1, diverged)).astype("int32"),
    )
