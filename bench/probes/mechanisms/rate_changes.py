"""How rates change with the gradients met: what four of them share, over what range, and what it follows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.probes.dynamics.constant_gradients import after_alternating, after_random, at_zero, centered
from bench.probes.reading import ABSENT, PRESENT, UNDECIDED

if TYPE_CHECKING:
    from bench.probes.dynamics.subject import Subject

NONE, SOME = 1.1, 1.2
"""Factor of the rate below which there is no adaptation, and from which on there is, if it lasts."""
DECADE = 3
"""Neighboring gradients that have to show it: an untrained network often does at one or two."""
SETTLED = math.log(1.05)
"""Largest change of the rate over MORE further steps of a constant gradient, unless it goes further the same way."""
LEAST = 1e-9
"""What is left of a rate that changes its sign."""
LEVEL = 0.5
"""Log-log slope of the change over the last decade below which it levels off; of RMSProp 1."""


class Changes(NamedTuple):
    """Over rest and G gradients: logarithms of rates, relative to rest's."""

    gradients: np.ndarray  # (G + 1,)
    each: np.ndarray  # (4, G + 1): at zero, both arms, and centered, both arms; NaN where it does not settle
    shared: np.ndarray  # (G + 1,)
    moved: np.ndarray  # (G + 1,): change of the rates over further steps
    alternating: np.ndarray  # (G + 1,)
    random: np.ndarray  # (G + 1,)

    @property
    def measured(self) -> np.ndarray:
        """Places of gradients, rest among them, at which all four rates are known."""
        return np.flatnonzero(np.isfinite(self.shared))

    @property
    def place(self) -> int:
        """Where it is most: the top of a rise, the end of a fall; where neither lasts, the largest shared."""
        size = self.shared[self.measured] * (1.0 if self.rise >= math.log(SOME) else -1.0)
        size = size if self.most >= math.log(SOME) else np.abs(size)
        return int(self.measured[np.flatnonzero(size >= size.max() - 1e-3)[-1]])

    @property
    def rise(self) -> float:
        """The most that is shared over a decade of gradients; a fall is negative."""
        return float(np.max(_lasting(self.shared)))

    @property
    def most(self) -> float:
        """Size of the rise or fall that lasts over a decade."""
        return max(self.rise, float(np.max(_lasting(-self.shared))))

    @property
    def law(self) -> float:
        """d log change / d log |g| over the last decade that was measured."""
        last = self.measured[-1]
        first = self.measured[self.gradients[self.measured] >= 0.09 * self.gradients[last]][0]
        decade = math.log(self.gradients[last] / self.gradients[first])
        return float(self.shared[last] - self.shared[first]) / decade if decade else 0.0

    @property
    def shape(self) -> str:
        """Of what lasts over a decade; a rise ends where all four have fallen by SOME from its top."""
        if self.rise < math.log(SOME):
            return "falls"
        after = self.measured[self.measured > self.place]
        fallen = common(self.each[:, after] - self.each[:, [self.place]])
        return "rises, then falls" if np.any(fallen <= -math.log(SOME)) else "rises"

    @property
    def kind(self) -> str | None:
        """What of the gradients the rate follows; None where it is not known after alternating ones."""
        most, other = self.shared[self.place], self.alternating[self.place]
        if not np.isfinite(other):
            return None
        if np.sign(other) != np.sign(most) and abs(other) >= math.log(NONE):
            return "sign agreement"
        return "size" if abs(other) >= 0.5 * abs(most) and np.sign(other) == np.sign(most) else "persistence"

    @property
    def verdict(self) -> str:
        """Absent only where no arm alone changes; what lasts less than a decade is undecided."""
        if self.most >= math.log(SOME):
            return PRESENT
        anywhere = np.nanmax(np.abs(self.shared))
        arms = [np.nanmax(np.abs(common(self.each[arm::2]))) for arm in (0, 1)]
        return ABSENT if anywhere < math.log(NONE) and max(arms) < math.log(SOME) else UNDECIDED


def _lasting(logs: np.ndarray) -> np.ndarray:
    """Smallest of each DECADE of neighbors, −inf where one is not known."""
    windows = np.lib.stride_tricks.sliding_window_view(logs, DECADE)
    return np.where(np.isfinite(windows).all(axis=1), windows.min(axis=1), -np.inf)


def measure(subject: Subject, gradients: np.ndarray, states, rest: int) -> Changes:
    """Of two sets of states (2, G + 1, n), the second after more steps; rates are relative to those at `rest`."""
    early, late = (relative(at_zero(subject, each, gradients), rest) for each in states)
    each = np.concatenate([early, _beyond_the_curve(*centered(subject, states[0]), rest)])
    moved, further = np.abs(late - early), np.sign(early) * (late - early) > 0
    settled = (moved < SETTLED) | (further & (np.abs(early) >= math.log(SOME)))
    each[:, ~settled.all(axis=0)] = np.nan
    runs = (
        _mean(at_zero(subject, after(subject, gradients), gradients)) for after in (after_alternating, after_random)
    )
    histories = [relative(rates, rest)[0] for rates in runs]
    return Changes(np.concatenate([[0.0], gradients]), each, common(each), moved.max(axis=0), *histories)


def _beyond_the_curve(slopes: np.ndarray, met: np.ndarray, rest: int) -> np.ndarray:
    """log of centered slopes (k, G + 1) over rest's; a rise is over the steepest that rest's own curve has (`met`)."""
    above = np.log(slopes / np.fmax(met, slopes)[:, rest : rest + 1])
    return np.where(above > 0, above, np.minimum(relative(slopes, rest), 0.0))


def _mean(rates: np.ndarray) -> np.ndarray:
    """(1, G): over the finite ones of k; NaN where there is none."""
    known = np.isfinite(rates)
    return np.sum(np.where(known, rates, 0.0), axis=0, keepdims=True) / known.sum(axis=0)


def relative(rates: np.ndarray, rest: int) -> np.ndarray:
    """log of rates (k, G + 1) over their value at place `rest`; a rate of the other sign has fallen to LEAST."""
    ratio = np.where(rates == rates[:, rest : rest + 1], 1.0, rates / rates[:, rest : rest + 1])
    return np.where(np.isfinite(ratio), np.log(np.maximum(ratio, LEAST)), np.nan)


def common(logs: np.ndarray) -> np.ndarray:
    """(G,): what changes (k, G), as logarithms, share: the smallest of one sign, else 0; NaN where one is not known."""
    agree = np.all(np.sign(logs) == np.sign(logs[:1]), axis=0)
    smallest = np.sign(logs[0]) * np.min(np.abs(logs), axis=0)
    return np.where(np.isfinite(logs).all(axis=0), np.where(agree, smallest, 0.0), np.nan)
