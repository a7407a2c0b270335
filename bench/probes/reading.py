"""What a probe says: a verdict, numbers with intervals, the controls that were run, one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from bench.records.files import strict

PRESENT, ABSENT, UNDECIDED = "present", "absent", "undecided"


@dataclass(frozen=True)
class Reading:
    """One probe's answer about one optimizer; values are {name: {"value", "low", "high"}} or lists."""

    verdict: str
    values: Mapping[str, Any] = field(default_factory=dict)
    sentence: str = ""
    controls: tuple[Mapping[str, Any], ...] = ()
    twins: Mapping[str, Any] | None = None
    """What the same probe says of untrained networks (`bench.probes.twins.compare.beside`); None: there are none."""
    no_twins: str = ""
    """Why there are none, where there might be."""
    would_change: str = ""
    """In one sentence, what would have to be measured for another verdict."""

    @property
    def discovered(self) -> bool:
        """Whether the mechanism is present, and beyond its untrained twins."""
        return self.verdict == PRESENT and bool(self.twins and self.twins["beyond"])

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists, strings and finite numbers; None stands for infinite and unknown."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        return strict({**told, "controls": list(self.controls), "discovered": self.discovered})


def undecided(name: str, reason: str, values: Mapping[str, Any] | None = None) -> Reading:
    """The reading of a probe that can make no claim, and why."""
    return Reading(UNDECIDED, values or {}, f"{name}: undecided; {reason}")


def exact(value: Any) -> dict[str, Any]:
    """A quantity without spread."""
    return {"value": value, "low": value, "high": value}


def spread(value: Any, samples: Iterable[float]) -> dict[str, Any]:
    """A value and the 2.5–97.5 % range of samples of the same quantity elsewhere; not a confidence interval."""
    kept = np.asarray(list(samples), float)
    kept = kept[np.isfinite(kept)]
    low, high = np.percentile(kept, [2.5, 97.5]) if len(kept) else (None, None)
    return {"value": value, "low": low, "high": high}


def share(flags: np.ndarray) -> dict[str, Any]:
    """The share of true flags with its 2.5–97.5 % bootstrap interval, flags taken as independent."""
    count, value = len(flags), float(np.mean(flags))
    resampled = np.random.default_rng(0).binomial(count, value, 2000) / count
    return spread(value, resampled)


def share_of_runs(flags: np.ndarray) -> dict[str, Any]:
    """The share of true flags (R, T) with its 2.5–97.5 % bootstrap interval over the R runs.

    The steps of a run are not independent; with a single run there is no interval.
    """
    each = np.mean(flags, axis=1)
    if len(each) < 2:
        return {"value": float(np.mean(each)), "low": None, "high": None}
    drawn = np.random.default_rng(0).integers(0, len(each), (2000, len(each)))
    return spread(float(np.mean(each)), each[drawn].mean(axis=1))


def graded(size: float, absent: float, present: float) -> str:
    """Verdict of an effect size between two stated thresholds; not finite is undecided."""
    if not math.isfinite(size):
        return UNDECIDED
    return PRESENT if size > present else ABSENT if size < absent else UNDECIDED


def log_slope(x: np.ndarray, y: np.ndarray) -> float:
    """Slope of log |y| over log x by least squares over the points where both exist; NaN for fewer than two."""
    x, y = np.asarray(x, float), np.abs(np.asarray(y, float))
    kept = np.isfinite(y) & (y > 0)
    if kept.sum() < 2:
        return math.nan
    return float(np.polyfit(np.log(x[kept]), np.log(y[kept]), 1)[0])
