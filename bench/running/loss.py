"""How a process that did a call was lost, in words, and whether the call itself is to blame."""

from __future__ import annotations

import signal
from typing import NamedTuple


class Loss(NamedTuple):
    """`how`: what happened, as the end of "its process …"."""

    how: str
    its_own: bool
    """Whether what ran there did it; else the machine did, or somebody."""


_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def of_exit(code: int | None, out_of_memory: bool) -> Loss:
    """The loss that an exit code means; `out_of_memory`: the system killed some process for memory meanwhile."""
    if code == -signal.SIGKILL and out_of_memory:
        return Loss("was killed by the system, which had run out of memory", its_own=False)
    if code is not None and code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        words = {"SIGSEGV": "died of a segmentation fault", "SIGABRT": "aborted"}
        return Loss(words.get(name, f"was ended by {name}"), its_own=-code not in _FROM_OUTSIDE)
    return Loss(f"ended itself with exit code {code}", its_own=True)
