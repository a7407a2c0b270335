"""Faults of a task itself, which no optimizer shall answer for: seen in its runs, said once, kept out of scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bench.records.record import Record, Runs
from bench.scores.numbers import number

SUNK = 1e-3
"""A loss is below the floor where it is by more than this share of the median initial gap: floors are searched ones."""


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
    runs = [one for record in records for one in record.runs.values()]
    if not runs:
        return list(records), []
    task, floor = records[0].cell.task, records[0].floor
    sound = np.logical_and.reduce([finite_starts(one) for one in runs])
    found = [_unstarted(task, sound)] if not sound.all() else []
    if sound.any() and not sound.all():
        records = [_on(record, sound) for record in records]
    starts = runs[0].losses[sound, 0]
    if at_floor := int(np.sum(starts == floor)):
        found.append(_at_rest(task, at_floor, len(starts)))
    lowest = min(float(np.min(one.best[sound], initial=np.inf)) for one in runs)
    if lowest < floor - SUNK * float(np.median(np.abs(starts - floor), axis=None) if len(starts) else np.inf):
        found.append(_below(task, lowest, floor))
    return list(records), found


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


def _below(task: str, lowest: float, floor: float) -> Fault:
    return Fault(
        task,
        f"losses fall to {number(lowest)}, below its floor of {number(floor)}, so that scores mean nothing and all "
        "optimizers tie; set the task's floor to the lowest reachable loss, or to a bound below it.",
        void=True,
    )
