"""Rules over races: losses against those of the tuned baselines, paired by problem."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.scores.numbers import significant
from bench.scores.statistics import Interval, generator, interval, ratio, resampled_means
from bench.studies.paper.evidence import Measured, OnTask, Seed
from bench.studies.paper.rules import BOOTSTRAP, HELD, NOT_DECIDABLE, NOT_HELD, Finding, common, over_seeds, undecided

LEARNED = "learned"
FACTOR = 2.0
"""Losses read off a logarithmic axis agree within this factor."""
BAND = 0.25


@dataclass(frozen=True)
class Beats:
    """Mean loss / initial loss of every meta-seed below that of every tuned baseline."""

    metric: str = "mean_loss"

    @property
    def text(self) -> str:
        return f"{self.metric} over each baseline's below 1, interval included; against it: above 1 to one"

    def judge(self, measured: Measured, task: str) -> Finding:
        on = measured[task]
        if not on.seeds:
            return undecided("no weights")
        found = [self._of(on, seed) for seed in on.seeds]
        word, reason = common([beaten for _, _, beaten in found])
        value = math.fsum(float(each.value) for _, each, _ in found) / len(found)
        low = min(float(each.low) for _, each, _ in found)
        high = max(float(each.high) for _, each, _ in found)
        closest = ", ".join(dict.fromkeys(name for name, _, _ in found))
        return Finding(value, low, high, BOOTSTRAP, word, f"{reason}; closest: {closest}")

    def _of(self, on: OnTask, seed: Seed) -> tuple[str, Interval, bool | None]:
        """The closest baseline, the ratio to it, and whether all are beaten."""
        own = np.asarray(seed.race["scores"][self.metric])
        ratios = {
            name: ratio(own, np.asarray(race["scores"][self.metric]), generator())
            for name, race in on.baselines.items()
        }
        closest = max(ratios, key=lambda name: float(ratios[name].value))
        beaten = all(each.high < 1 for each in ratios.values())
        lost = any(each.low > 1 for each in ratios.values())
        return closest, ratios[closest], True if beaten else False if lost else None


@dataclass(frozen=True)
class EndsAbove:
    """Mean loss at the last step above that of `baseline`."""

    baseline: str

    @property
    def text(self) -> str:
        return f"last loss over {self.baseline}'s above 1, interval included; against it: below 1"

    def judge(self, measured: Measured, task: str) -> Finding:
        on = measured[task]
        if not on.seeds:
            return undecided("no weights")
        other = np.asarray(on.baselines[self.baseline]["last"])
        found = [ratio(np.asarray(seed.race["last"]), other, generator()) for seed in on.seeds]
        word, reason = common([_side(each) for each in found])
        value = math.fsum(float(each.value) for each in found) / len(found)
        low, high = min(float(each.low) for each in found), max(float(each.high) for each in found)
        return Finding(value, low, high, BOOTSTRAP, word, reason)


def _side(found: Interval) -> bool | None:
    """Above 1, below 1, or neither."""
    return True if found.low > 1 else False if found.high < 1 else None


@dataclass(frozen=True)
class OfProblems:
    """A number of a tuned baseline or of the problems themselves, beside the paper's.

    quantity: "share", mean loss over the run over mean initial loss; or "initial", mean initial loss.
    """

    baseline: str
    quantity: str
    paper: float

    @property
    def text(self) -> str:
        return f"within {100 * BAND:g} % of the paper's; against it: all of the interval farther off"

    def judge(self, measured: Measured, task: str) -> Finding:
        race = measured[task].baselines[self.baseline]
        initial = np.asarray(race["initial"])
        if self.quantity == "share":
            found = ratio(np.asarray(race["mean"]), initial, generator())
        else:
            found = interval(initial.mean(), resampled_means(initial[None], generator())[:, 0])
        value, low, high = (float(part) for part in found)
        near, far = (1 - BAND) * self.paper, (1 + BAND) * self.paper
        if near <= value <= far:
            return Finding(value, low, high, BOOTSTRAP, HELD, "within the band")
        outside = high < near or low > far
        reason = "all of the interval is outside" if outside else "the interval reaches into the band"
        return Finding(value, low, high, BOOTSTRAP, NOT_HELD if outside else NOT_DECIDABLE, reason)


@dataclass(frozen=True)
class MeanCurve:
    """Mean losses at the iterations of `paper` {iteration: loss}; the number is the ratio of ours to the paper's.

    name: a baseline, or LEARNED: then the mean over meta-seeds.
    """

    name: str
    paper: Mapping[int, float]

    @property
    def text(self) -> str:
        return f"within a factor {FACTOR:g} at all these iterations; against it: at fewer than half"

    def judge(self, measured: Measured, task: str) -> Finding:
        curves = _curves(measured[task], self.name)
        if not curves:
            return undecided("no weights")
        ours = {step: over_seeds([curve[step] for curve in curves])[0] for step in self.paper}
        ratios = [ours[step] / loss for step, loss in self.paper.items()]
        near = sum(1 / FACTOR <= each <= FACTOR for each in ratios)
        few = 2 * near < len(ratios)
        word = HELD if near == len(ratios) else NOT_HELD if few else NOT_DECIDABLE
        said = ", ".join(f"{significant(loss)} at {step}" for step, loss in ours.items())
        middle = math.exp(math.fsum(math.log(max(each, 1e-300)) for each in ratios) / len(ratios))
        spread = "number: our loss over the paper's, geometric mean and range over iterations"
        return Finding(middle, min(ratios), max(ratios), spread, word, f"{said}; {near} of {len(ratios)} near")


def _curves(on: OnTask, name: str) -> list[Any]:
    races = [seed.race for seed in on.seeds] if name == LEARNED else [on.baselines[name]]
    return [race["curve"] for race in races]


@dataclass(frozen=True)
class Order:
    """Who is below whom at an iteration, lowest mean loss first."""

    step: int
    paper: tuple[str, ...]

    @property
    def text(self) -> str:
        return "the same order; against it: another one"

    def judge(self, measured: Measured, task: str) -> Finding:
        on = measured[task]
        if not on.seeds:
            return undecided("no weights")
        orders = [self._order(on, seed) for seed in on.seeds]
        word, reason = common([order == self.paper for order in orders])
        shown = "; ".join(dict.fromkeys(" < ".join(order) for order in orders))
        same = sum(order == self.paper for order in orders) / len(orders)
        return Finding(same, None, None, "share of meta-seeds with the paper's order", word, f"{reason}: {shown}")

    def _order(self, on: OnTask, seed: Seed) -> tuple[str, ...]:
        losses = {name: race["curve"][self.step] for name, race in on.baselines.items()}
        losses[LEARNED] = seed.race["curve"][self.step]
        return tuple(sorted(losses, key=lambda name: losses[name]))


@dataclass(frozen=True)
class TunedRate:
    """The learning rate of tuned momentum: one search's winner, so known to a factor only."""

    paper: float

    @property
    def text(self) -> str:
        return f"within {100 * BAND:g} % of the paper's; against it: off by more than a factor {FACTOR:g}"

    def judge(self, measured: Measured, task: str) -> Finding:
        rate = float(measured[task].thetas["momentum"]["learning_rate"])
        off = rate / self.paper
        near = abs(off - 1) <= BAND
        far = not 1 / FACTOR <= off <= FACTOR
        word = HELD if near else NOT_HELD if far else NOT_DECIDABLE
        return Finding(rate, None, None, "", word, f"{significant(off)} of the paper's")


@dataclass(frozen=True)
class Decomposable:
    """The sufficiency ladder of bench.studies.ablation: mechanisms added one by one give the optimizer back."""

    text: str = "the ladder of ablations is decomposable; against it: is not"

    def judge(self, measured: Measured, task: str) -> Finding:
        reports = [seed.ablation for seed in measured[task].seeds]
        known = [report for report in reports if report is not None]
        if not known or len(known) < len(reports):
            return undecided("ablations were not run")
        found = [bool(report["ladder"]["decomposable"]) for report in known]
        word, reason = common(found)
        why = "; ".join(dict.fromkeys(r["ladder"]["reason"] for r in known if r["ladder"]["reason"]))
        share = sum(found) / len(found)
        return Finding(share, None, None, "share of meta-seeds", word, f"{reason}{': ' if why else ''}{why}")
