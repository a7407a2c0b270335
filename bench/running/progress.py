"""A tqdm bar over jobs that moves while they run: finished ones, and shares of those in flight.

Where it is told what each job is expected to take, what is left is in those seconds, corrected by how fast the first
ones went.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from bench.scores.numbers import duration
from bench.terminal import shown

TRUST = 0.03
"""Share of the whole at whose end expectations count as much as what was measured until then."""


class Work:
    """Seconds that jobs are expected to take on `lanes` processes, of which `shares` are done; what is left of them.

    `clock` gives seconds. What is measured counts the more against what is expected the more of it there is.
    """

    def __init__(self, expected: Sequence[float], lanes: int = 1, clock: Callable[[], float] = time.monotonic):
        known = [seconds for seconds in expected if np.isfinite(seconds)]
        usual = float(np.mean(known)) if known else 1.0
        self._expected = [seconds if np.isfinite(seconds) else usual for seconds in expected]
        self._guessed = not known
        self._lanes = max(1, min(lanes, len(self._expected)))
        self._clock, self._began = clock, clock()
        self._shares: dict[int, float] = {}

    def share(self, number: int, share: float) -> None:
        """Job `number` is done to this share."""
        self._shares[number] = min(share, 1.0)

    @property
    def done(self) -> float:
        """Share of the expected seconds, in [0, 1]."""
        whole = sum(self._expected)
        return sum(self._expected[n] * share for n, share in self._shares.items()) / whole if whole else 0.0

    @property
    def left(self) -> float:
        """Seconds until all is done; NaN where nothing is known yet."""
        whole, done = sum(self._expected) / self._lanes, self.done
        if not done:  # processes start, programs compile: that says nothing yet of how fast it goes
            return float("nan") if self._guessed else whole
        trust = 0.0 if self._guessed else TRUST * whole
        pace = (self._clock() - self._began + trust) / (done * whole + trust)
        longest = max((s * (1 - self._shares.get(n, 0.0)) for n, s in enumerate(self._expected)), default=0.0)
        return float(pace * max(whole * (1 - done), longest))


class _Timed(tqdm):  # type: ignore[misc]  # tqdm has no types
    """A bar that says what is left by its `work`."""

    def __init__(self, work: Work, **settings: Any):
        self.work = work  # before the bar shows itself
        super().__init__(**settings)

    @property
    def format_dict(self) -> dict[str, Any]:
        left = self.work.left
        about = "?" if left != left else duration(left)
        return {**super().format_dict, "left": about}


class Bar:
    """`total` jobs of which `done` are done already; nothing is shown where there are none.

    `expected`: seconds of the others, by number.
    """

    def __init__(self, noun: str, total: int, done: int, expected: Sequence[float] = (), lanes: int = 1):
        self._done = done
        self._shares: dict[int, float] = {}
        self._work = Work(expected or [float("nan")] * (total - done), lanes)
        form = "{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total} [{elapsed}<{left}{postfix}]"
        self._tqdm = _Timed(self._work, total=total, initial=done, desc=noun, disable=not total, bar_format=form)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._tqdm.close()

    def share(self, number: int, share: float) -> None:
        """Job `number` has got on by `share`."""
        self._shares[number] = min(self._shares.get(number, 0.0) + share, 1.0)
        self._work.share(number, self._shares[number])
        self._show()

    def finished(self, number: int, name: str) -> None:
        """Job `number`, called `name`, is done."""
        self._shares.pop(number, None)
        self._work.share(number, 1.0)
        self._done += 1
        self._tqdm.set_postfix_str(shown(name), refresh=False)
        self._show()

    def _show(self) -> None:
        ahead = sum(self._shares.values())
        self._tqdm.update(min(self._done + ahead, self._tqdm.total) - self._tqdm.n)
