"""Rules over numbers read off the paper's figures: is its number within the spread of ours?

Of networks the spread is their range; of baselines and problems it is that of the problems that were drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bench.scores.numbers import significant
from bench.studies.paper.evidence import Measured
from bench.studies.paper.rules import HELD, NOT_HELD, RANGE, Finding, Read, not_read, over_seeds, read_all, undecided

LEARNED = "learned"
WITHIN, REACHED, BEYOND = "within", "one more network may reach it", "one more network would not reach it"
"""How far a number of the paper's is from ours."""
DECADES = 0.05
"""Error of reading a loss off a logarithmic axis."""
PROBLEMS = 128
"""Problems behind a mean loss of the paper's."""
DRAWS = 2000


@dataclass(frozen=True)
class Figure:
    """A number read off a figure of the paper: within the range of our networks, widened by the error of reading it.

    `error`: relative for numbers read off a linear axis; `decades` instead for a logarithmic one; `absolute` for
    numbers with a natural unit, steps and |λ|.
    """

    what: str
    read: Read
    paper: float
    error: float = 0.05
    decades: float = 0.0
    absolute: float = 0.0
    of_networks: ClassVar[bool] = True

    @property
    def text(self) -> str:
        return (
            f"the paper's {significant(self.paper)} (± {self._error}) is within the range of our networks ({self.what})"
        )

    @property
    def _error(self) -> str:
        if self.absolute:
            return significant(self.absolute)
        return f"{significant(self.decades)} decades" if self.decades else f"{100 * self.error:g} %"

    def judge(self, measured: Measured, task: str) -> Finding:
        values = read_all(measured[task], self.read)
        if values is None:
            return not_read(measured[task], self.read)
        least, most = min(values), max(values)
        low, high = self.band()
        inside = low <= most and least <= high
        reason = WITHIN if inside else f"{_off(least, most, self.paper)}; {_fourth(values, low, high)}"
        return Finding(*over_seeds(values), RANGE, HELD if inside else NOT_HELD, reason)

    def band(self) -> tuple[float, float]:
        """What the paper's number may be."""
        if self.absolute:
            return self.paper - self.absolute, self.paper + self.absolute
        factor = 10.0**self.decades if self.decades else 1 + self.error
        return self.paper / factor, self.paper * factor


def _fourth(values: Sequence[float], low: float, high: float) -> str:
    """Whether one more network trained alike may reach the paper's number: Student's t on logarithms, 95 %."""
    if len(values) < 2 or not all(0 < value < math.inf for value in values):
        return BEYOND
    from scipy import stats

    logs, count = np.log(values), len(values)
    spread = float(np.std(logs, ddof=1)) * math.sqrt(1 + 1 / count)
    least, most = np.exp(np.mean(logs) + spread * stats.t.ppf([0.025, 0.975], count - 1)).tolist()
    inside = low <= most and least <= high
    return f"{REACHED if inside else BEYOND} ({significant(least)} to {significant(most)})"


def _off(least: float, most: float, paper: float) -> str:
    """How far the nearest of our numbers is from the paper's."""
    nearest = least if least > paper else most
    if math.isinf(nearest):
        return "never in any of ours"
    side = "above" if nearest > paper else "below"
    return f"ours are {side} it, the nearest ×{significant(nearest / paper)}" if paper else f"ours are {side} it"


def meets(paper: float, factor: float, low: float, high: float) -> bool:
    """Whether a number of the paper's, read to within a factor, may lie from `low` to `high`."""
    return low <= paper * factor and paper / factor <= high


def likely_means(losses: np.ndarray, over: np.ndarray | None = None) -> tuple[float, float]:
    """Where the mean of PROBLEMS other problems is expected (95 %) from ours: (problems,), or its ratio to `over`.

    Bootstrap means of PROBLEMS, displaced as our own mean may be.
    """
    draw, count = np.random.default_rng(0), len(losses)
    theirs = draw.integers(0, count, (DRAWS, PROBLEMS))
    ours = draw.integers(0, count, (DRAWS, count))

    def spread(values: np.ndarray) -> np.ndarray:
        centred = values[theirs].mean(axis=1) + values[ours].mean(axis=1) - values.mean()
        return np.maximum(centred, np.min(values))

    found = spread(losses) if over is None else spread(losses) / spread(over)
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


@dataclass(frozen=True)
class OfProblems:
    """A number of a tuned baseline, or of the problems themselves, beside the paper's.

    quantity: "share", mean loss over the run over mean initial loss; or "initial", mean initial loss.
    """

    baseline: str
    quantity: str
    paper: float
    error: float = 0.05
    of_networks: ClassVar[bool] = False

    @property
    def text(self) -> str:
        return (
            f"the paper's {significant(self.paper)} (± {100 * self.error:g} %) is where the mean of {PROBLEMS} other "
            "problems is expected from ours"
        )

    def judge(self, measured: Measured, task: str) -> Finding:
        race = measured[task].baselines[self.baseline]
        initial, mean = np.asarray(race["initial"]), np.asarray(race["mean"])
        if self.quantity == "share":
            value, (low, high) = mean.mean() / initial.mean(), likely_means(mean, initial)
        else:
            value, (low, high) = initial.mean(), likely_means(initial)
        inside = meets(self.paper, 1 + self.error, low, high)
        reason = "expected" if inside else f"×{significant(value / self.paper)} of the paper's"
        return Finding(float(value), low, high, EXPECTED, HELD if inside else NOT_HELD, reason)


EXPECTED = f"where the mean of {PROBLEMS} other problems is expected, 95 %"


@dataclass(frozen=True)
class Curve:
    """Mean losses at the iterations of `paper` {iteration: loss}; the number is the ratio of ours to the paper's.

    name: a baseline, or LEARNED: then whatever lies between the networks is expected as well.
    """

    name: str
    paper: Mapping[int, float]

    @property
    def of_networks(self) -> bool:
        return self.name == LEARNED

    @property
    def text(self) -> str:
        return (
            f"at each iteration the paper's loss (± {DECADES:g} decades) is where the mean of {PROBLEMS} other "
            "problems is expected from ours"
        )

    def judge(self, measured: Measured, task: str) -> Finding:
        on = measured[task]
        races = [seed.race for seed in on.seeds] if self.name == LEARNED else [on.baselines[self.name]]
        if not races:
            return undecided("no network")
        ours = {step: over_seeds([race["curve"][step] for race in races])[0] for step in self.paper}
        ratios = [ours[step] / loss for step, loss in self.paper.items()]
        far = [step for step, loss in self.paper.items() if not _expected(races, step, loss)]
        said = ", ".join(f"{significant(loss)} at {step}" for step, loss in ours.items())
        word = NOT_HELD if far else HELD
        reason = f"{said}; not so at {', '.join(map(str, far))}" if far else said
        middle = math.exp(math.fsum(math.log(max(each, 1e-300)) for each in ratios) / len(ratios))
        return Finding(middle, min(ratios), max(ratios), TIMES, word, reason)


TIMES = "our loss over the paper's: geometric mean and range over iterations"


def _expected(races: Sequence[Mapping[str, Any]], step: int, loss: float) -> bool:
    bounds = [likely_means(np.asarray(race["at"][str(step)])) for race in races]
    low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
    return meets(loss, 10**DECADES, low, high)


@dataclass(frozen=True)
class TunedRate:
    """The learning rate of a tuned baseline: within the range of the best trials of our own tuning."""

    paper: float
    baseline: str = "momentum"
    error: float = 0.05
    of_networks: ClassVar[bool] = False

    @property
    def text(self) -> str:
        return (
            f"the paper's {significant(self.paper)} (± {100 * self.error:g} %) is within the range of the rates that "
            "were raced again as the best of our tuning"
        )

    def judge(self, measured: Measured, task: str) -> Finding:
        on = measured[task]
        rate = float(on.thetas[self.baseline]["learning_rate"])
        low, high = on.rates[self.baseline]
        inside = meets(self.paper, 1 + self.error, low, high)
        reason = f"ours is {significant(rate / self.paper)} of it"
        return Finding(rate, low, high, "range of the best trials", HELD if inside else NOT_HELD, reason)
