"""Processes that take turns: each keeps its compiled programs, and sleeps while another is timed.

A contender is made once in its process, by a function that is called with plain data; its first call, which compiles,
is timed apart.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from bench.running.executor import Call
from bench.running.lane import Begin
from bench.running.processes import Processes

THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""One thread for NumPy and PyTorch; `bench.engine.process` sees to TensorFlow."""
JAX = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}
"""One thread for JAX. Not for TensorFlow's processes, whose XLA reads the same variable."""
_contenders: dict[str, Contender] = {}


class Contender(NamedTuple):
    """`run` does the work once, results fetched to NumPy, and says how many seconds it took itself, or None.

    `work`: optimizer steps of single runs, or whatever the rate is per.
    """

    run: Callable[[], float | None]
    work: float


class Timing(NamedTuple):
    """Seconds per unit of work: `run` as the contender says, `wall` around the whole call, `mean` of `run`.

    The first two are the best of the turn. Where long runs are compared with short ones, the mean is fairer: on a busy
    machine only short runs ever pass undisturbed.
    """

    run: float
    wall: float
    mean: float


class Side:
    """One process; `pinned` to the last core this one may use."""

    def __init__(self, *, pinned: bool = True, environment: Mapping[str, str] | None = None):
        self._settings = (pinned, {**THREADS, **(environment or {})})
        self._open()

    def _open(self) -> None:
        self._executor = Processes(1, Begin(_begin, self._settings))

    def submit(self, function: str, *arguments: Any) -> None:
        """Start `function`, "module:name" in bench.speed: this process never imports what that one needs."""
        self._executor.submit(Call(_call, (function, arguments)))

    def wait(self) -> Any:
        """What the function started returns, or the exception it raises; a process that died is replaced, empty."""
        (result,) = self._executor.results()
        if result.lost:
            raise RuntimeError(f"its process {result.lost.how}")
        return result.value

    def call(self, function: str, *arguments: Any) -> Any:
        """`submit`, then `wait`."""
        self.submit(function, *arguments)
        return self.wait()

    def prepare(self, name: str, make: str, *arguments: Any) -> float:
        """Make a contender and let it run once -> seconds, compilation included."""
        return self.call("processes:keep", name, make, arguments)

    def time(self, name: str, seconds: float) -> Timing:
        """The best of as many runs of contender `name` as fit into `seconds`, at least one."""
        return self.call("processes:best", name, seconds)

    def forget(self) -> None:
        """Let go of all contenders and what they hold."""
        self.call("processes:forget")

    def close(self) -> None:
        self._executor.close()


def _begin(pinned: bool, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    if pinned and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _call(progress: Any, function: str, arguments: tuple[Any, ...]) -> Any:
    return _function(function)(*arguments)


def _function(function: str) -> Callable[..., Any]:
    module, name = function.split(":")
    return getattr(importlib.import_module(f"bench.speed.{module}"), name)


def keep(name: str, make: str, arguments: tuple) -> float:
    """Make contender `name` here and let it run once -> seconds."""
    start = time.perf_counter()
    contender = _function(make)(*arguments)
    contender.run()
    _contenders[name] = contender
    return time.perf_counter() - start


def forget() -> None:
    """Drop every contender of this process."""
    _contenders.clear()


def best(name: str, seconds: float) -> Timing:
    """The best of as many runs of contender `name` as fit into `seconds`, at least one."""
    contender = _contenders[name]
    timings: list[tuple[float, float]] = []
    end = time.perf_counter() + seconds
    while not timings or time.perf_counter() < end:
        start = time.perf_counter()
        told = contender.run()
        wall = time.perf_counter() - start
        timings.append((wall if told is None else told, wall))
    runs, walls = zip(*timings, strict=True)
    mean = sum(runs) / len(runs)
    return Timing(*(seconds / contender.work for seconds in (min(runs), min(walls), mean)))


@contextlib.contextmanager
def sides(*names: str, pinned: bool = True):
    """A dictionary of fresh processes by name, the one called "jax" made for it; they end with the block."""
    opened = {name: Side(pinned=pinned, environment=JAX if name == "jax" else None) for name in names}
    try:
        yield opened
    finally:
        for side in opened.values():
            side.close()
