"""One process at a time that does calls, watched from outside: what it answers, how it ends, what it uses."""

from __future__ import annotations

import functools
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import connection, get_context, parent_process, resource_tracker
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import optoscope
from bench import stops
from bench.running.executor import Call
from bench.running.loss import Loss, of_exit
from bench.suites.suite import Limits


class Begin(NamedTuple):
    """What a new process does first: `function(*arguments)`, found there by its name.

    `environment`: variables that it has then; None: it has none of that name.
    """

    function: Callable[..., None]
    arguments: tuple[Any, ...] = ()
    environment: Mapping[str, str | None] = {}


class Answer(NamedTuple):
    """What came of a call: its value, what it raised, or how its process was lost."""

    value: Any = None
    raised: BaseException | None = None
    lost: Loss | None = None


class Lane:
    """Its process is started by the first call, and renewed when its calls have left `life` MiB behind (None: never).

    That is told by the system; where it does not tell, the weights of the calls say it.
    """

    def __init__(self, begin: Begin, life: int | None, limits: Limits):
        self._begin, self._life, self._limits = begin, life, limits
        self._process: Any = None
        self._asked = False
        self._spent = 0
        self._held_first = 0
        self._since: float | None = None

    def submit(self, call: Call) -> None:
        """Begin a call; the one before it has been answered."""
        if self._life is not None and self._spent and self._left_behind() + call.weight > self._life:
            self.close()
        if self._process is None:
            self._start()
        self._spent += call.weight
        self._since = None
        with suppress(OSError):  # a process that is gone is noticed when its answer is asked for
            self._pipe.send((call.function, call.arguments))

    @property
    def waits_for(self) -> list[Any]:
        """What becomes ready when there is something to hear."""
        return [self._pipe, self._process.sentinel]

    def answer(self, progress: Callable[[float], None]) -> Answer | None:
        """What came of the call under way, None while nothing did; `progress` is told of its shares."""
        try:
            while self._pipe.poll():
                what, said = self._pipe.recv()
                if what == "begun":
                    self._since = time.monotonic()
                    self._held_first = self._held_first or said
                elif what == "share":
                    progress(said)
                else:
                    return Answer(**{what: said})
        except (EOFError, OSError):
            pass
        if not self._process.is_alive():
            return Answer(lost=self._ended())
        if (loss := self._beyond()) is not None:
            self.close()
            return Answer(lost=loss)
        return None

    def stop(self) -> None:
        """Ask the process to end, once: a second stop would disturb a training that writes its checkpoint."""
        if self._process is not None and not self._asked:
            self._process.terminate()
            self._asked = True

    def close(self) -> None:
        """End the process, whatever it does, soon after it was asked to."""
        if self._process is not None:
            self.stop()
            self._process.join(stops.PATIENCE)
            self._process.kill()
            self._process.join()
            self._pipe.close()
        self._process = None

    def _start(self) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._begin.function, self._begin.arguments))
        with _main_hidden(), _environment(self._begin.environment), _interrupts_held():
            self._process.start()
        theirs.close()
        self._asked = False
        self._spent = self._held_first = 0
        self._kills = _out_of_memory_kills()

    def _left_behind(self) -> float:
        """MiB by which the process has grown since its first call."""
        holds = _resident(self._process.pid) if self._process is not None and self._held_first else 0
        return (holds - self._held_first) / 2**20 if holds else self._spent

    def _ended(self) -> Loss:
        self._process.join()
        loss = of_exit(self._process.exitcode, _out_of_memory_kills() > self._kills)
        self._process = None
        self._pipe.close()
        return loss

    def _beyond(self) -> Loss | None:
        """Which limit the call under way has gone beyond."""
        seconds, memory = self._limits
        if seconds is not None and self._since is not None and time.monotonic() - self._since > seconds:
            return Loss(f"took longer than the limit of {seconds:g} s", its_own=True)
        if memory is not None and _resident(self._process.pid) > memory:
            return Loss(f"used more memory than the limit of {memory / 2**20:.0f} MiB", its_own=True)
        return None


def quiet_tracker() -> None:
    """Start the process that removes semaphores which a stop leaves behind; it does so without a word."""
    with _environment({"PYTHONWARNINGS": "ignore"}):
        resource_tracker.ensure_running()


def _resident(pid: int) -> int:
    """Bytes of memory that a process holds; 0 where the system does not tell."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _out_of_memory_kills() -> int:
    """How many processes the system has killed for memory; 0 where it does not tell."""
    with suppress(OSError, ValueError):
        lines = Path("/proc/vmstat").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
    return 0


@contextmanager
def _main_hidden() -> Iterator[None]:
    """While a process is spawned: it needs nothing of the user's script, and would run it again to import it.

    What it runs instead, before it looks for anything else, pins the names of this project's packages.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    sys.modules["__main__"].__file__ = optoscope.__file__
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """While a process is spawned: it inherits that a Ctrl-C is not for it, from before its first line of Python."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    """While a process is spawned: variables that it inherits."""
    before = {name: os.environ.get(name) for name in changes}
    _set(changes)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _serve(pipe: connection.Connection, begin: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """In the process: do calls until there are no more. A Ctrl-C is for the one who started it, who ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(2, 1)  # what foreign code prints is no result
    threading.Thread(target=_die_with_parent, daemon=True).start()
    stops.listen([signal.SIGTERM])
    trouble = _tried(functools.partial(begin, *arguments))[1]
    with suppress(EOFError, OSError, KeyboardInterrupt):  # ended wherever it is, often while it still sends
        while True:
            function, given = pipe.recv()
            pipe.send(("begun", _resident(os.getpid())))
            value, problem = _tried(functools.partial(function, lambda share: pipe.send(("share", share)), *given))
            problem = trouble or problem
            _send(pipe, ("value", value) if problem is None else ("raised", problem))
    os._exit(0)  # whatever threads foreign code left


def _tried(function: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return function(), None
    except BaseException as problem:
        if stops.meant(problem):
            os._exit(stops.STOPPED)
        return None, problem if isinstance(problem, Exception) else RuntimeError(f"{type(problem).__name__}: {problem}")


def _send(pipe: connection.Connection, answer: tuple[str, Any]) -> None:
    try:
        pickle.loads(pickle.dumps(answer))
    except Exception:
        answer = ("raised", RuntimeError(f"{type(answer[1]).__name__}: {answer[1]}"))
    pipe.send(answer)


def _die_with_parent() -> None:
    """A parent that is killed cannot say so, and its workers would wait for work for good."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
