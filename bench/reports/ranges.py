"""What tuning searches, and what a gradient sees, in words."""

from __future__ import annotations

from collections.abc import Mapping

from optimizers.spaces import Choice, Distribution, Integer, LogUniform
from tasks import Task


def ranges(space: Mapping[str, Distribution]) -> str:
    """`learning_rate 1e-05–10 log, momentum 0–0.997 log of 1−x`; "nothing to tune" of an empty space."""
    return ", ".join(f"{name} {span(values)}" for name, values in space.items()) or "nothing to tune"


def span(values: Distribution) -> str:
    """The values that one setting may take, and on which scale they are even."""
    if isinstance(values, Choice):
        return "|".join(map(str, values.options))
    low, high, scale = values.low, values.high, ""
    if isinstance(values, LogUniform) or (isinstance(values, Integer) and values.log):
        scale = " log"
    if isinstance(values, LogUniform) and values.complement:
        low, high, scale = 1 - values.high, 1 - values.low, " log of 1−x"
    return f"{low:.6g}–{high:.6g}{scale}"


def batch(task: Task) -> str:
    """Examples that a gradient sees: a number, `all`, or `noise` where gradients are drawn and not from examples."""
    size = getattr(task, "batch", None)
    if "stochastic" not in task.tags:
        return "all"
    return str(size) if isinstance(size, int) and size > 0 else "noise"
