"""What an unroll takes, stated before it starts, and what this machine has left."""

from __future__ import annotations

import math
import os
from pathlib import Path

from bench.errors import UserError

BASE = 170_000_000
"""Bytes that tracing and compiling take, about the same for small and large problems: measured 160 to 170 MB."""
SHARE = 0.8
"""Of the available memory, what a run may take."""


def available() -> float:
    """Bytes this process can still have: of the machine's and of a container's; inf where neither is told."""
    return min(_of_machine(), _of_container())


def refuse_if_too_large(needed: float, limit: float | None = None) -> None:
    """Raise UserError if `needed` bytes are more than `limit`, by default 80 % of what is available."""
    limit = SHARE * available() if limit is None else limit
    if needed > limit:
        raise UserError(
            f"meta-training would take {needed / 2**30:.1f} GB, and {limit / 2**30:.1f} GB may be used; "
            "lower --batch, --unroll or the units, or take --estimator 'truncated[length=20]'"
        )


def state_floats(architecture, params_count: int) -> int:
    """Floats of optimizer state for as many parameters, taken as one vector."""
    import tensorflow as tf

    theta = {name: tf.constant(value) for name, value in architecture.initial(0).items()}
    shape = tf.TensorSpec([params_count], tf.float32)
    traced = tf.function(architecture.build(theta).init, autograph=False)
    leaves = tf.nest.flatten(traced.get_concrete_function(shape).structured_outputs)
    return sum(math.prod(leaf.shape) for leaf in leaves)


def _of_machine() -> float:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        kilobytes = next(line.split()[1] for line in lines if line.startswith("MemAvailable"))
        return 1024.0 * int(kilobytes)
    except (OSError, StopIteration):
        pass
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):
        return math.inf


def _of_container() -> float:
    folder = Path("/sys/fs/cgroup")
    try:
        limit, used = ((folder / f"memory.{name}").read_text() for name in ("max", "current"))
        return float(int(limit) - int(used))
    except (OSError, ValueError):
        return math.inf
