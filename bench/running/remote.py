"""What a Dask worker does: it hands calls to processes of its own, as code that is not ours may end them.

Nothing here imports TensorFlow, and a call is opened in that process only, so the worker itself stays small.
"""

from __future__ import annotations

import functools
import multiprocessing
import pickle
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing import connection
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, NamedTuple

from bench.errors import UserError
from bench.running import site, worker
from bench.running.cargo import Cargo, unpack
from bench.running.executor import Call
from bench.running.lane import Answer, Begin, Lane
from bench.suites.jobs import Address
from bench.suites.suite import Limits

TOPIC = "optoscope"
"""Of the events by which workers tell shares: (session, number of the call, share)."""
TICK = 0.5
"""Seconds between looks at whether a call is still wanted, and at what it uses."""
IDLE = 30.0
"""Seconds after which a process without work is ended: its coordinator may be gone."""
NANNY = {"MALLOC_TRIM_THRESHOLD_": None}
"""What Dask's nanny sets and would slow cells down: what is given back to the system has to be asked for again."""
_places: dict[str, str] = {}
_lock = threading.RLock()


class Session(NamedTuple):
    """What the calls of one executor share: what processes begin with, their life, limits, and who asks."""

    name: str
    environment: tuple[tuple[str, str], ...]
    life: int | None
    limits: Limits
    site: site.Site


class Task(NamedTuple):
    """A call on its way: its Dask key, its number, `function` and `arguments` pickled, its weight."""

    key: str
    number: int
    packed: bytes
    weight: int


def do(packed: bytes, cargo: Cargo) -> Answer:
    """What came of a call, a pickled (Session, Task), with its value pickled; in a thread of a Dask worker."""
    session, task = pickle.loads(packed)
    if reason := site.difference(session.site, site.here()):
        return Answer(raised=UserError(f"worker {_dask_worker().address} {reason}"))
    lane = _lanes.take(session, cargo)
    try:
        with _lock:  # a process is spawned under changed settings of this one
            lane.submit(Call(perform, (task.packed,), task.weight))
        return _watched(lane, session, task)
    finally:
        _lanes.give(session, cargo, lane)


def begin(imports: list[str], places: dict[str, str]) -> None:
    """In the process: know the user's files, and where weights are that a job names."""
    _places.update(places)
    worker.begin(imports)


def perform(progress: Callable[[float], None], packed: bytes) -> bytes:
    """In the process: do a pickled call -> what it returns, pickled. Raises what it raises, in words if need be."""
    function, arguments = pickle.loads(packed)
    try:
        return pickle.dumps(function(progress, *map(_placed, arguments)))
    except Exception as problem:
        if type(problem).__module__.partition(".")[0] in ("builtins", "bench", "tasks", "optimizers"):
            raise
        raise RuntimeError(f"{type(problem).__name__}: {problem}") from None


def _placed(argument: Any) -> Any:
    """A job whose optimizer is a weights file, with the file's place on this machine."""
    if isinstance(argument, Address):
        return argument._replace(optimizer=_places.get(argument.optimizer, argument.optimizer))
    return argument


def _watched(lane: Lane, session: Session, task: Task) -> Answer:
    """The answer of a lane; nobody waits for one that was cancelled, which is ended."""
    tell = _Shares(session.name, task.number)
    while True:
        connection.wait(lane.waits_for, TICK)
        if (answer := lane.answer(tell)) is not None:
            return answer
        if not _wanted(task.key):
            lane.close()
            return Answer()


class _Shares:
    """Tells the coordinator of shares: not each one, as all go through the scheduler."""

    def __init__(self, session: str, number: int):
        self._about = session, number
        self._untold, self._told = 0.0, time.monotonic()

    def __call__(self, share: float) -> None:
        self._untold += share
        if time.monotonic() - self._told > 1.0:
            _dask_worker().log_event(TOPIC, (*self._about, self._untold))
            self._untold, self._told = 0.0, time.monotonic()


class _Lanes:
    """Processes that wait for calls, by session and cargo."""

    def __init__(self) -> None:
        self._idle: list[tuple[float, tuple[Session, str], Lane]] = []
        self._sweeping = False

    def take(self, session: Session, cargo: Cargo) -> Lane:
        key = session._replace(name=""), cargo.digest  # another executor's will do as well
        with _lock:
            for kept in reversed(self._idle):
                if kept[1] == key:
                    self._idle.remove(kept)
                    return kept[2]
            luggage = _unpacked(cargo.digest, cargo)
        return Lane(Begin(begin, luggage, {**NANNY, **dict(session.environment)}), session.life, session.limits)

    def give(self, session: Session, cargo: Cargo, lane: Lane) -> None:
        with _lock:
            self._idle.append((time.monotonic(), (session._replace(name=""), cargo.digest), lane))
            if not self._sweeping:
                self._sweeping = True
                threading.Thread(target=self._sweep, daemon=True).start()

    def close(self) -> None:
        with _lock:
            while self._idle:
                self._idle.pop()[2].close()

    def _sweep(self) -> None:
        while True:
            time.sleep(IDLE / 4)
            with _lock:
                old = [kept for kept in self._idle if time.monotonic() - kept[0] > IDLE]
                self._idle = [kept for kept in self._idle if kept not in old]
            for _, _, lane in old:
                lane.close()


_lanes = _Lanes()


@functools.cache
def _free() -> None:
    """Let this process have children, which a nanny's worker may not, and end them before it ends."""
    multiprocessing.current_process().daemon = False
    Finalize(None, _lanes.close, exitpriority=100)


def _unpacked(digest: str, cargo: Cargo) -> tuple[list[str], dict[str, str]]:
    """Once a worker: what a lane begins with."""
    _free()
    if digest not in _folders:
        folder = Path(tempfile.mkdtemp(prefix="optoscope-", dir=_dask_worker().local_directory))
        _folders[digest] = unpack(cargo, folder)
    return _folders[digest]


_folders: dict[str, tuple[list[str], dict[str, str]]] = {}


def _wanted(key: str) -> bool:
    """Whether somebody still waits for a task: not when it was cancelled, or its coordinator is gone."""
    state = _dask_worker().state.tasks.get(key)
    return state is not None and state.state != "cancelled"


def _dask_worker() -> Any:
    from distributed import get_worker

    return get_worker()
