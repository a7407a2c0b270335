"""Rules over races: losses against those of the tuned baselines, paired by problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.scores.statistics import Interval, generator, ratio
from bench.studies.paper.evidence import Measured, OnTask, Seed
from bench.studies.paper.figure_rules import LEARNED
from bench.studies.paper.rules import BOOTSTRAP, SHARE, Finding, common, over_seeds, undecided

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
        why = "; ".join(dict.fromkeys(why for r in known for why in r["ladder"]["reason"].split("; ") if why))
        share = sum(found) / len(found)
        return Finding(share, None, None, SHARE, word, f"{reason}{': ' if why else ''}{why}")
