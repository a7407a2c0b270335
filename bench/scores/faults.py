"""Faults of a task itself, which no optimizer shall answer for: seen in its runs, said once, kept out of scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bench.records.record import Record, Runs
from bench.scores.metrics import at_rest
from bench.scores.numbers import number

SUNK = 1e-3
"""A loss is below the floor where it is by more than this share of the median initial gap: floors are searched ones."""
ROUNDING = 1e-6
"""And by more than this share of the floor itself: losses are float32."""
MOVED = 1e-4
"""A loss that moves by less of the initial gap to the floor is, in three digits, where it was."""


class Fault(NamedTuple):
    """What is wrong with a task, in one line with the remedy; `void`: nothing scored on it means anything."""

    task: str
    text: str
    void: bool = False

    def __str__(self) -> str:
        return f"{self.task}: {self.text}"


def finite_starts(runs: Runs) -> np.ndarray:
    """Which problems have a finite loss at step 0: (…, K) losses -> (…,) bool."""
    return np.isfinite(runs.losses[..., 0])


def without_faults(records: Sequence[Record]) -> tuple[list[Record], list[Fault]]:
    """The finished records of one task on the problems that can be raced, and what was wrong with the task.

    Problems without a finite initial loss are left out for every optimizer alike, unless there are no others.
    """
    records = [_stood_still(record) for record in records]
    runs = [one for record in records for one in record.runs.values()]
    if not runs:
        return list(records), []
    task, floor = records[0].cell.task, records[0].floor
    sound = np.logical_and.reduce([finite_starts(one) for one in runs])
    found = [_unstarted(task, sound)] if not sound.all() else []
    if sound.any() and not sound.all():
        records = [_on(record, sound) for record in records]
    starts = runs[0].losses[sound, 0]
    resting = starts == np.float32(floor)
    gaps = np.abs(starts[~resting].astype("float64") - floor)
    if resting.any():
        found.append(_at_rest(task, int(resting.sum()), len(starts)))
    lowest = min(float(np.min(one.best[sound], initial=np.inf)) for one in runs)
    if lowest < floor - max(SUNK * float(np.median(gaps)) if len(gaps) else 0.0, ROUNDING * abs(floor)):
        found.append(_below(task, lowest, floor))
    elif len(gaps) and not any(_moved(one.losses[sound], floor, MOVED) for one in runs):
        found.append(_unmoved(task, floor, any(_moved(one.losses[sound], floor, 0.0) for one in runs)))
    if at_once := _lost_at_once(runs, sound, len({record.cell.optimizer for record in records if record.runs})):
        found.append(_no_gradient(task, at_once, len(starts)))
    return list(records), found


def _moved(losses: np.ndarray, floor: float, share: float) -> bool:
    """Whether any loss of curves (n, K) leaves its start by more than a share of the initial gap to the floor."""
    losses = losses.astype("float64")
    with np.errstate(all="ignore"):
        away = np.abs(losses - losses[:, :1]) > share * np.abs(losses[:, :1] - floor)
    return bool((away | ~np.isfinite(losses)).any())


def _lost_at_once(runs: Sequence[Runs], sound: np.ndarray, optimizers: int) -> int:
    """Of the problems with a finite start, those that every run of several optimizers loses at the first step."""
    if optimizers < 2:
        return 0
    first = [(one.diverged[sound] > 0) & (one.diverged[sound] <= one.steps[1:2].max(initial=0)) for one in runs]
    return int(np.sum(np.logical_and.reduce(first)))


def _stood_still(record: Record) -> Record:
    """`record` whose runs at rest are no diverged ones: any loss is infinitely many times 0."""
    if not any(at_rest(one, record.floor).any() for one in record.runs.values()):
        return record
    runs = {
        name: one._replace(diverged=np.where(at_rest(one, record.floor), -1, one.diverged).astype("int32"))
        for name, one in record.runs.items()
    }
    return record._replace(runs=runs)


def _on(record: Record, problems: np.ndarray) -> Record:
    """`record` of some problems: (n,) bool."""
    runs = {name: Runs(one.steps, *(values[problems] for values in one[1:])) for name, one in record.runs.items()}
    measures = {
        name: {what: np.asarray(values)[problems].tolist() for what, values in of.items()}
        for name, of in record.measures.items()
    }
    return record._replace(runs=runs, measures=measures)


def _unstarted(task: str, sound: np.ndarray) -> Fault:
    bad, count = int(np.sum(~sound)), len(sound)
    left_out = "no optimizer can be scored" if bad == count else "they are left out for every optimizer"
    text = f"{bad} of {count} problems have no finite loss at the start; {left_out}. Guard the loss or start elsewhere."
    return Fault(task, text, void=bad == count)


def _at_rest(task: str, count: int, of: int) -> Fault:
    return Fault(task, f"{count} of {of} problems start at the floor, where there is nothing to gain; start elsewhere.")


def _unmoved(task: str, floor: float, a_little: bool) -> Fault:
    if not a_little:
        text = "no run changes the loss, so that all optimizers tie; compute the loss from the parameters"
        return Fault(task, f"{text}, with gradients that float32 holds.")
    text = (
        f"no run moves the loss by more than {MOVED:g} of its distance from the floor of {number(floor)}, so that "
        "scores hardly differ; give more steps, or set the floor nearer to the lowest reachable loss."
    )
    return Fault(task, text)


def _no_gradient(task: str, count: int, of: int) -> Fault:
    text = (
        f"{count} of {of} problems diverge at the first step under every optimizer, as where the gradient at the start "
        f"is no number; python -m bench check {task} tells. Guard the sqrt, log or division, or start elsewhere."
    )
    return Fault(task, text)


def _below(task: str, lowest: float, floor: float) -> Fault:
    return Fault(
        task,
        f"losses fall to {number(lowest)}, below its floor of {number(floor)}, so that scores mean nothing and all "
        "optimizers tie; set the task's floor to the lowest reachable loss, or to a bound below it.",
        void=True,
    )
