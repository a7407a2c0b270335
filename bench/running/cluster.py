"""Calls done by the workers of a Dask cluster, each in a process of the worker's own; no disk is shared.

So many calls are with the scheduler at a time as keep its workers busy, never all. Dask gives the calls of a lost
worker to another one. `distributed` is imported where it is used: it is an extra, and slow to import.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import logging
import os
import pickle
import queue
import time
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.engine import executor, numerics
from bench.errors import UserError
from bench.records.files import note
from bench.running import remote, site
from bench.running.cargo import Cargo
from bench.running.executor import Call, Done, Executor, Progress
from bench.running.lane import Answer
from bench.running.loss import Loss
from bench.suites.suite import UNLIMITED, Limits

REACH = 5.0
"""Seconds in which a scheduler has to answer."""
LEAST = 32
"""Calls with the scheduler at a time, at least: a cluster that grows by demand has to see some."""
AHEAD = 4
"""The same for each thread of a worker."""
TICK = 0.5
"""Seconds between looks at whether the scheduler is there."""
COUNT = 5.0
"""Seconds between counts of the workers' threads."""
_NOISY = ("distributed", "tornado", "asyncio")


class Cluster(Executor):
    """The workers of the scheduler at `address`, an address or a scheduler file. Raises UserError where none answers.

    A process there begins with `cargo`, this one's compiler options and executor, and `environment`, and is renewed
    after calls of `life` weights (None: never). A scheduler that is lost is a UserError of `results`.
    """

    def __init__(
        self,
        address: str,
        cargo: Cargo = Cargo(),  # noqa: B008 (a tuple)
        life: int | None = None,
        limits: Limits = UNLIMITED,
        environment: Mapping[str, str] | None = None,
    ):
        self._address = address
        settings = {name: os.environ.get(name, "") for name in (numerics.VARIABLE, executor.VARIABLE)}
        settings |= environment or {}
        self._session = remote.Session(uuid.uuid4().hex[:8], tuple(settings.items()), life, limits, site.here())
        self._client = connect(address)
        self._cargo = self._client.submit(
            pickle.loads, pickle.dumps(cargo), key=f"optoscope-{self._session.name}-cargo"
        )
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._client.subscribe_topic(remote.TOPIC, self._events.put)
        self._waiting: deque[tuple[int, Call]] = deque()
        self._running: dict[str, tuple[int, Any]] = {}
        self._ready: deque[tuple[int, Answer]] = deque()
        self._submitted, self._window, self._counted = 0, LEAST, 0.0

    def submit(self, call: Call) -> int:
        self._waiting.append((self._submitted, call))
        self._submitted += 1
        return self._submitted - 1

    def results(self, progress: Progress = lambda number, share: None) -> Iterator[Done]:
        while self._running or self._waiting or self._ready:
            self._distribute()
            if not self._ready:
                self._gather(self._heard(progress))
            while self._ready:
                number, answer = self._ready.popleft()
                if answer.raised is not None:
                    raise answer.raised
                yield Done(number, None if answer.lost else pickle.loads(answer.value), answer.lost)

    def close(self) -> None:
        self._waiting.clear()
        futures = [future for _, future in self._running.values()]
        self._running.clear()
        self._ready.clear()
        close(self._client, [*futures, self._cargo])

    def _distribute(self) -> None:
        """As many calls to the scheduler as may be there."""
        if time.monotonic() - self._counted > COUNT:
            self._window, self._counted = max(LEAST, AHEAD * self._threads()), time.monotonic()
        while self._waiting and len(self._running) < self._window:
            number, call = self._waiting.popleft()
            key = f"optoscope-{self._session.name}-{number}"
            task = remote.Task(key, number, pickle.dumps((call.function, call.arguments)), call.weight)
            packed = pickle.dumps((self._session, task))  # bytes, in which Dask looks for nothing
            future = self._client.submit(remote.do, packed, self._cargo, key=key, pure=False)
            self._running[key] = number, future
            future.add_done_callback(self._events.put)

    def _threads(self) -> int:
        try:
            return threads(self._client)
        except OSError:  # the connection broke while it was asked
            raise self._gone() from None

    def _heard(self, progress: Progress) -> list[Any]:
        """Futures that are done since last asked, waited for a moment; shares are told. Raises UserError."""
        events, futures = [], []
        with contextlib.suppress(queue.Empty):
            events.append(self._events.get(timeout=TICK))
            while len(events) < self._window:
                events.append(self._events.get_nowait())
        for event in events:
            if not hasattr(event, "key"):
                session, number, share = event[1]
                if session == self._session.name:
                    progress(number, share)
            elif event.key in self._running:
                futures.append(event)
        if self._client.status != "running" or any(future.cancelled() for future in futures):
            raise self._gone()
        return futures

    def _gather(self, futures: list[Any]) -> None:
        """What came of futures that are done, fetched in one go where all have a value."""
        try:
            values = self._client.gather(futures)
        except Exception:
            values = [_value(future) for future in futures]
        for future, value in zip(futures, values, strict=True):
            number, _ = self._running.pop(future.key)
            self._ready.append((number, value if isinstance(value, Answer) else self._failure(value)))

    def _failure(self, problem: Any) -> Answer:
        """What a task that Dask gave up came to: its workers died, or had no room, or are no workers for this."""
        name = type(problem).__name__
        if name == "KilledWorker":
            return Answer(lost=Loss("was lost with its Dask worker, several times", its_own=False))
        if name in ("CancelledError", "FutureCancelledError") or self._client.status != "running":
            raise self._gone()
        if isinstance(problem, (ImportError, AttributeError)):
            raise UserError(
                f"a worker of {self._address} has no optoscope like this one ({problem}); install the same there"
            )
        return Answer(lost=Loss(f"was not started by its Dask worker: {name}: {problem}", its_own=False))

    def _gone(self) -> UserError:
        return UserError(
            f"the Dask scheduler at {self._address} is gone; what is finished is kept: start it, and run the same "
            "command again"
        )


def connect(address: str) -> Any:
    """A client of the scheduler at `address`; raises UserError in a few seconds where none answers."""
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError:
        raise UserError("--dask needs dask.distributed; install it: pip install 'optoscope[cluster]'") from None
    for name in _NOISY:  # what they would say of a lost scheduler is said in one line
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        where = json.loads(Path(address).read_bytes())["address"] if address.endswith(".json") else address
        with ThreadPoolExecutor(1) as thread:  # as a notebook's own thread has a loop of events already
            thread.submit(lambda: asyncio.run(_reach(distributed, where))).result()
        return distributed.Client(where, timeout=REACH, set_as_default=False)
    except Exception as problem:
        reason = (str(problem).splitlines() or [type(problem).__name__])[0][:120]
        raise UserError(
            f"no Dask scheduler answers at {address!r} ({reason}); give the address that it printed, such as "
            "tcp://host:8786, or its scheduler file"
        ) from None


async def _reach(distributed: Any, address: str) -> None:
    """Raises OSError where nothing answers; a client that cannot connect would still be closed, minutes later."""
    (await distributed.comm.connect(address, timeout=REACH)).abort()


def close(client: Any, futures: list[Any]) -> None:
    """Give up `futures` and the client, within seconds."""
    with contextlib.suppress(Exception):
        if client.status == "running":
            client.cancel(futures)
    with contextlib.suppress(Exception):
        client.close(timeout=2)


def check(address: str) -> int:
    """How many calls the cluster does at a time now. Raises UserError where none answers, or a worker is not like here.

    A note says where workers are of another kind of machine, and where there are none yet.
    """
    client = connect(address)
    try:
        found = client.run(site.here, on_error="return")
        if not found:
            note(f"the scheduler at {address} has no workers yet; waiting for them")
        for worker, there in found.items():
            _check_worker(worker, there)
        if others := sum(there.numerics != site.here().numerics for there in found.values()):
            note(f"{others} of {len(found)} workers are of another kind of machine; last digits from there may differ")
        return threads(client)
    finally:
        close(client, [])


def threads(client: Any) -> int:
    """Of all workers together."""
    return sum(client.nthreads().values())


def _check_worker(worker: str, there: Any) -> None:
    if not isinstance(there, site.Site):
        raise UserError(f"worker {worker} has no optoscope like this one ({there}); install the same there")
    if reason := site.difference(site.here(), there):
        raise UserError(f"worker {worker} {reason}")


def _value(future: Any) -> Any:
    try:
        return future.result()
    except Exception as problem:
        return problem
