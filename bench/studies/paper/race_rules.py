"""Rules over races: losses against those of the tuned baselines, paired by problem, and against the paper's curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bench.scores.numbers import significant
from bench.scores.statistics import Interval, generator, ratio
from bench.studies.paper.evidence import Measured, OnTask, Seed
from bench.studies.paper.rules import BOOTSTRAP, HELD, NOT_HELD, SHARE, Finding, common, over_seeds, undecided

LEARNED = "learned"
DECADES = 0.05
"""Error of reading a loss off a logarithmic axis."""
PROBLEMS = 128
"""Problems behind a mean loss of the paper's."""
DRAWS = 2000
ACROSS = "the interval reaches across 1"


@dataclass(frozen=True)
class Beats:
    """The score of every network below that of one tuned baseline."""

    baseline: str
    metric: str = "mean_loss"
    of_networks: ClassVar[bool] = True

    @property
    def text(self) -> str:
        return f"the ratio to tuned {self.baseline} is below 1 in every network, with its whole interval"

    def judge(self, measured: Measured, task: str) -> Finding:
        on = measured[task]
        other = np.asarray(on.baselines[self.baseline]["scores"][self.metric])
        return _ratios([np.asarray(seed.race["scores"][self.metric]) for seed in on.seeds], other, below=True)


@dataclass(frozen=True)
class EndsAbove:
    """Mean loss at the last step above that of `baseline`."""

    baseline: str
    of_networks: ClassVar[bool] = True

    @property
    def text(self) -> str:
        return f"the last loss over that of tuned {self.baseline} is above 1 in every network, with its whole interval"

    def judge(self, measured: Measured, task: str) -> Finding:
        on = measured[task]
        other = np.asarray(on.baselines[self.baseline]["last"])
        return _ratios([np.asarray(seed.race["last"]) for seed in on.seeds], other, below=False)


@dataclass(frozen=True)
class WorseThan:
    """The mean score of these networks above that of another group's, all of both pooled."""

    group: str
    metric: str = "mean_loss"
    of_networks: ClassVar[bool] = True

    @property
    def text(self) -> str:
        return f"its score over the mean of the {self.group} networks is above 1, with its whole interval"

    def judge(self, measured: Measured, task: str) -> Finding:
        on = measured[task]
        others = on.groups.get(self.group, ())
        if not others:
            return undecided(f"no {self.group} network")
        other = np.mean([seed.race["scores"][self.metric] for seed in others], axis=0)
        return _ratios([np.asarray(seed.race["scores"][self.metric]) for seed in on.seeds], other, below=False)


def _ratios(own: Sequence[np.ndarray], other: np.ndarray, *, below: bool) -> Finding:
    """Ratios of the means of each network to `other`, below 1 or above."""
    if not own:
        return undecided("no network")
    found = [ratio(each, other, generator()) for each in own]
    word, reason = common([_side(each, below) for each in found], ACROSS)
    low, high = min(float(each.low) for each in found), max(float(each.high) for each in found)
    return Finding(over_seeds([float(each.value) for each in found])[0], low, high, BOOTSTRAP, word, reason)


def _side(found: Interval, below: bool) -> bool | None:
    """Below 1 (or above) with the whole interval; None where it reaches across."""
    if found.low > 1:
        return not below
    return below if found.high < 1 else None


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
        inside = low <= self.paper * (1 + self.error) and self.paper / (1 + self.error) <= high
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
    factor = 10**DECADES
    return low <= loss * factor and loss / factor <= high


@dataclass(frozen=True)
class Order:
    """Who is below whom at an iteration, lowest mean loss first."""

    step: int
    paper: tuple[str, ...]
    of_networks: ClassVar[bool] = True

    @property
    def text(self) -> str:
        return "the order is the same with every network"

    def judge(self, measured: Measured, task: str) -> Finding:
        on = measured[task]
        if not on.seeds:
            return undecided("no network")
        orders = [self._order(on, seed) for seed in on.seeds]
        word, reason = common([order == self.paper for order in orders])
        shown = "; ".join(dict.fromkeys(" < ".join(order) for order in orders))
        same = sum(order == self.paper for order in orders) / len(orders)
        return Finding(same, None, None, SHARE, word, f"{reason}: {shown}")

    def _order(self, on: OnTask, seed: Seed) -> tuple[str, ...]:
        losses = {name: race["curve"][self.step] for name, race in on.baselines.items()}
        losses[LEARNED] = seed.race["curve"][self.step]
        return tuple(sorted(losses, key=lambda name: losses[name]))


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
        inside = low <= self.paper * (1 + self.error) and self.paper / (1 + self.error) <= high
        reason = f"ours is {significant(rate / self.paper)} of it"
        return Finding(rate, low, high, "range of the best trials", HELD if inside else NOT_HELD, reason)


@dataclass(frozen=True)
class Decomposable:
    """The sufficiency ladder of bench.studies.ablation: mechanisms added one by one give the optimizer back."""

    text: str = "the ladder of ablations holds in every network: each mechanism added is a gain, most of it is won back"
    of_networks: ClassVar[bool] = True

    def judge(self, measured: Measured, task: str) -> Finding:
        reports = [seed.ablation for seed in measured[task].seeds]
        known = [report for report in reports if report is not None]
        if not known or len(known) < len(reports):
            return undecided("ablations were not run")
        found = [bool(report["ladder"]["decomposable"]) for report in known]
        word, reason = common(found)
        why = "; ".join(dict.fromkeys(r["ladder"]["reason"] for r in known if r["ladder"]["reason"]))
        share = sum(found) / len(found)
        return Finding(share, None, None, SHARE, word, f"{reason}{': ' if why else ''}{why}")
