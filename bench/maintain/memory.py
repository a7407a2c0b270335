"""Memory as stated against memory as taken, each case in a process of its own."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import tasks
from bench.engine import process
from bench.engine.keys import keys
from bench.metatraining import estimators
from bench.metatraining.goal import Goal
from bench.running.executor import Call
from bench.running.lane import Begin
from bench.running.processes import Processes
from optimizers import learned

CASES = (
    ("backprop", "gru", "rosenbrock", 64, 200),
    ("backprop", "gru", "linear-regression", 64, 200),
    ("backprop", "gru", "two-moons-small", 32, 200),
    ("backprop", "gru", "two-moons", 1, 100),
    ("truncated[length=20]", "gru", "two-moons", 2, 200),
    ("pes[length=20]", "gru", "two-moons-small", 32, 200),
)
"""Estimator, architecture, task, problems, steps."""


def lines() -> Iterator[str]:
    """A line for every case: stated and taken megabytes, and their ratio."""
    yield (f"{'stated MB':>10} {'taken MB':>10} {'ratio':>6}  case")
    for case in CASES:
        with Processes(1, Begin(process.load_tensorflow)) as fresh:
            fresh.submit(Call(measure, case))
            ((_, (stated, taken), _),) = fresh.results()
        yield (f"{stated / 1e6:10.0f} {taken / 1e6:10.0f} {stated / taken:6.2f}  {' '.join(map(str, case))}")


def measure(progress: Any, estimator: str, architecture: str, task: str, problems: int, steps: int):
    """(stated, taken) bytes of the first segment: the growth of this process from before compiling to its peak."""
    import tensorflow as tf

    from bench.engine.sampling import batches, sample

    subject, rule = tasks.get(task), learned.get(architecture)
    params, data = sample(subject, keys(task, "metatrain", range(problems)))
    seen = batches(subject, keys(task, "batches-metatrain", range(problems)), steps)
    theta = {name: tf.constant(value) for name, value in rule.initial(0).items()}
    before = _resident()
    program = estimators.get(estimator).compile(Goal(subject, rule, steps, "mean", 0.9, 5.0))
    carry = program.begin(theta, params, data, seen)
    estimate, carry = program.segment(theta, carry, data, seen, 0, np.array([0, 0], "int32"))
    estimate.loss.numpy()
    size = sum(int(np.prod(leaf.shape[1:])) for leaf in tf.nest.flatten(params))
    return program.memory_bytes(size, problems), _peak() - before


def _peak() -> int:
    """Bytes; macOS counts in bytes, others in kilobytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _resident() -> int:
    """Bytes now; where the system does not tell, the peak so far."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return _peak()
    return pages * resource.getpagesize()
