"""What does the work: calls go out, results come back as they are done, wherever that is.

Three today, `here.Here`, `processes.Processes` and `cluster.Cluster`; another is one more file and a line in
`bench.running.run.executor_for`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from bench.running.loss import Loss
from bench.suites.suite import UNLIMITED, Limits

Progress = Callable[[int, float], None]
"""(number of a call, share of it that has been done since last told)."""


class Means(NamedTuple):
    """With what jobs are done: so many processes, which load the user's files first; what each job may take.

    `dask`: the address of a scheduler, whose workers do them instead.
    """

    workers: int = 1
    import_files: Iterable[str] = ()
    limits: Limits = UNLIMITED
    dask: str | None = None


class Call(NamedTuple):
    """`function(progress, *arguments)`, `progress` taking shares of it; `weight` is of a process's life.

    Where it is done elsewhere, the function is found there by its name and the arguments are pickled.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    weight: int = 0


class Done(NamedTuple):
    """What call `number`, counted from 0 as submitted, returned; `lost`: how what did it died meanwhile."""

    number: int
    value: Any = None
    lost: Loss | None = None


class Executor(ABC):
    """Closed at the end of its `with` block: what waits is dropped, what is under way is ended."""

    far = True
    """Whether calls are done in other processes, where this one's objects have no name."""

    @abstractmethod
    def submit(self, call: Call) -> int:
        """Take a call -> its number."""

    @abstractmethod
    def results(self, progress: Progress = lambda number, share: None) -> Iterator[Done]:
        """Results until everything submitted is done, in the order in which it is; raises what a call raised."""

    @abstractmethod
    def close(self) -> None:
        """Let go of everything."""

    def __enter__(self) -> Executor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
