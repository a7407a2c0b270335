"""What a board can be made of besides the metrics that tuning selects by: targets, shares, costs, a task's own.

A measure says one number of each run, and how those of a task's runs make the task's number. Where a cell has none it
is missing, which is never 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from bench.errors import UserError
from bench.records.record import Record, Runs
from bench.scores.metrics import METRICS, Metric, absorbed, at_rest
from optimizers.syntax import nearest

TARGETS = {"tenth": 1e-1, "thousandth": 1e-3, "millionth": 1e-6}
"""{name: share of the initial gap to the floor at which the target is reached}."""
_SLACK = 1e-6
"""Losses are float32: a tenth of one is a tenth to so many digits."""
SUMMARIES = ("mean", "median", "expected")


@dataclass(frozen=True)
class Measure:
    """`values(record, tuned_for)` -> (runs,), infinite where a run never gets there; None where the cell has none."""

    name: str
    better: str
    """"lower" | "higher"."""
    worst: float
    """Of a failed cell; NaN where there is no worst, so that it is missing."""
    comparison: str
    """"ratio" | "difference": how two compare."""
    summary: str
    values: Callable[[Record, str], np.ndarray | None]
    over_runs: str = "mean"
    """One of SUMMARIES; "expected": what the runs spent in all, failures the whole budget, over the successes."""

    @property
    def sign(self) -> int:
        """+1 where higher is better, −1 where lower is."""
        return 1 if self.better == "higher" else -1

    @property
    def differs(self) -> bool:
        """Whether two compare by their difference."""
        return self.comparison == "difference"

    @property
    def in_logs(self) -> bool:
        """Never: a measure has a worst value, or is infinite, or is a cost of the cell."""
        return False


Scored = Metric | Measure
"""What gives every run a number."""


def find(name: str, records: Iterable[Record] = (), better: str | None = None) -> Scored:
    """The metric or measure called `name`, as in `get`; raises UserError."""
    if name not in METRICS:
        return get(name, records, better)
    if better not in (None, METRICS[name].better):
        raise UserError(f"{name} is better {METRICS[name].better}; leave out --better {better}")
    return METRICS[name]


def get(name: str, records: Iterable[Record] = (), better: str | None = None) -> Measure:
    """The measure called `name`, or what the tasks of `records` measure under that name; raises UserError.

    `better`, "higher" or "lower", is for a task's own whose name does not say which is.
    """
    own = sorted({what for record in records for of in record.measures.values() for what in of})
    if name in MEASURES or name not in own:
        if name not in MEASURES:
            known = [*METRICS, *MEASURES, *own]
            raise UserError(f"unknown metric {name!r}; known: {', '.join(known)}{nearest(name, known)}")
        if better not in (None, MEASURES[name].better):
            raise UserError(f"{name} is better {MEASURES[name].better}; leave out --better {better}")
        return MEASURES[name]
    if (way := better or direction(name)) is None:
        raise UserError(f"{name!r} is the task's own and does not say what is better; add --better higher or lower")
    about = "the task's own measure of the end of a run, on what it holds out"
    return Measure(name, way, np.nan, "difference", about, partial(_own, name=name))


def direction(name: str) -> str | None:
    """What is better of a metric by the words of its name: "higher" of an accuracy, "lower" of an error; else None."""
    words = set(re.findall(r"[a-z]+\d*", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()))
    found = {way for way, known in _WORDS.items() if words & known}
    return found.pop() if len(found) == 1 else None


_WORDS = {
    "higher": {
        *("accuracy", "acc", "auc", "precision", "recall", "f1", "fbeta", "score", "iou", "dice", "r2"),
        *("correlation", "sensitivity"),
    },
    "lower": {
        *("error", "loss", "entropy", "crossentropy", "divergence", "distance", "mse", "mae", "rmse", "mape"),
        *("perplexity", "hinge"),
    },
}


def steps_to(runs: Runs, floor: float, target: float) -> np.ndarray:
    """First recorded step with a gap to the floor of at most `target` times the initial one: (…); infinite: never."""
    rest = at_rest(runs, floor)
    runs = absorbed(runs, floor)
    gap = np.asarray(runs.losses, "float64") - floor
    gap[..., 0] = np.where(rest, 0.0, gap[..., 0])
    with np.errstate(all="ignore"):
        there = np.isfinite(gap) & ((gap <= 0) | (gap <= target * (1 + _SLACK) * gap[..., :1]))
    return np.where(there.any(axis=-1), np.asarray(runs.steps)[there.argmax(axis=-1)], np.inf)


def _steps(record: Record, tuned_for: str, target: float) -> np.ndarray:
    return steps_to(record.runs[tuned_for], record.floor, target)


def _success(record: Record, tuned_for: str, target: float) -> np.ndarray:
    return np.isfinite(_steps(record, tuned_for, target)).astype("float64")


def _diverged(record: Record, tuned_for: str) -> np.ndarray:
    return (np.asarray(record.runs[tuned_for].diverged) >= 0).astype("float64")


def _seconds(record: Record, tuned_for: str) -> np.ndarray | None:
    """Those of reporting over its runs: they are raced side by side, so that all of a cell's are alike."""
    spent = record.ledger.get("seconds_reporting")
    raced = record.cell.budget.seeds * len(record.runs)
    return None if spent is None else np.full(len(record.runs[tuned_for].best), spent / raced)


def _state_bytes(record: Record, tuned_for: str) -> np.ndarray | None:
    held = record.ledger.get("state_bytes_per_parameter")
    return None if held is None else np.full(len(record.runs[tuned_for].best), held)


def _own(record: Record, tuned_for: str, name: str) -> np.ndarray | None:
    found = record.measures.get(tuned_for, {}).get(name)
    return None if found is None else np.asarray(found, "float64")


def _of_target(name: str, target: float) -> tuple[Measure, ...]:
    reached = f"a {name} of the initial gap to the floor"
    return (
        Measure(
            f"steps_{name}",
            "lower",
            np.inf,
            "ratio",
            f"median over runs of the first recorded step at {reached}; never, if fewer than half get there",
            partial(_steps, target=target),
            "median",
        ),
        Measure(
            f"ert_{name}",
            "lower",
            np.inf,
            "ratio",
            f"expected gradient evaluations to {reached}, with restarts: those of all runs, failed ones with the whole "
            "budget, over the number of successes",
            partial(_steps, target=target),
            "expected",
        ),
        Measure(
            f"success_{name}",
            "higher",
            0.0,
            "difference",
            f"share of runs that get to {reached}",
            partial(_success, target=target),
        ),
    )


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        *(measure for name, target in TARGETS.items() for measure in _of_target(name, target)),
        Measure("diverged", "lower", 1.0, "difference", "share of runs that diverge", _diverged),
        Measure("seconds", "lower", np.nan, "ratio", "seconds of a run, raced beside others of its cell", _seconds),
        Measure(
            "state_bytes", "lower", np.nan, "ratio", "bytes that an optimizer keeps for each parameter", _state_bytes
        ),
    )
}
