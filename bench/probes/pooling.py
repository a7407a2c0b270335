"""The readings of several meta-seeds as one: what holds in all of them, and how far they differ."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.probes.reading import ABSENT, PRESENT, UNDECIDED, Reading
from bench.scores.numbers import significant, whole_percent

NUMBERS = 4
"""Quantities named in the sentence, the first of the reading's own that all seeds have."""


def combine(readings: Sequence[Reading]) -> Reading:
    """One reading of the same probe at several meta-seeds.

    present only if present in all, absent only if absent in all, else undecided. A value is the mean over the seeds,
    its low and high the smallest and largest of them: a range, not a confidence interval. A value that some seed does
    not have, or has infinite, is None; its range is of those that have it. Lists of numbers of equal length are
    averaged, words kept where all seeds say the same, others left out. Controls are those of all readings, each once;
    discovered only if in all. Raises ValueError for no readings.
    """
    if not readings:
        raise ValueError("no readings to combine; give at least one")
    if len(readings) == 1:
        return readings[0]
    names = [name for name in readings[0].values if all(name in r.values for r in readings)]
    pooled = {name: _pool([reading.values[name] for reading in readings]) for name in names}
    values = {name: value for name, value in pooled.items() if value is not None}
    verdict = _verdict([reading.verdict for reading in readings])
    return Reading(verdict, values, _sentence(readings, values), _controls(readings), _twins(readings))


def _twins(readings: Sequence[Reading]) -> dict[str, Any] | None:
    """Of all seeds' twins: how many, the share of them that are present, and whether every seed is beyond its own.

    None where a seed has none.
    """
    each = [reading.twins for reading in readings if reading.twins]
    if len(each) < len(readings):
        return None
    count, found = sum(twins["count"] for twins in each), sum(reading.discovered for reading in readings)
    present = sum(twins["verdicts"][PRESENT] for twins in each) / count
    said = f"{whole_percent(present)} of {count} untrained twins have it too; discovered in {found} of {len(each)}"
    beyond = found == len(each)
    return {"count": count, "present": present, "discovered": found, "beyond": beyond, "sentence": f"{said} meta-seeds"}


def _verdict(verdicts: Sequence[str]) -> str:
    return verdicts[0] if len(set(verdicts)) == 1 else UNDECIDED


def _pool(values: Sequence[Any]) -> Any:
    """Of entries {"value", …} or of lists, or the word that all say; None for what cannot be pooled."""
    if all(isinstance(value, Mapping) and "value" in value for value in values):
        return _range([value["value"] for value in values])
    if all(isinstance(value, (list, tuple)) for value in values):
        return _mean_list(values)
    same = isinstance(values[0], (str, bool)) and all(value == values[0] for value in values)
    return values[0] if same else None


def _range(samples: Sequence[Any]) -> dict[str, Any]:
    known = [float(sample) for sample in samples if _finite(sample)]
    if not known:
        return {"value": None, "low": None, "high": None}
    value = float(np.mean(known)) if len(known) == len(samples) else None
    return {"value": value, "low": min(known), "high": max(known)}


def _finite(value: Any) -> bool:
    plain = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    return plain and math.isfinite(value)


def _mean_list(lists: Sequence[Sequence[Any]]) -> list[Any] | None:
    """Means by place, in lists of lists too, None where a seed has none; None for lists that hold anything else."""
    if len({len(each) for each in lists}) != 1:
        return None
    if lists[0] and all(isinstance(item, (list, tuple)) for each in lists for item in each):
        return [_mean_list(column) for column in zip(*lists, strict=True)]
    if not all(item is None or _number(item) for each in lists for item in each):
        return None
    return [
        float(np.mean(column)) if all(_finite(item) for item in column) else None for column in zip(*lists, strict=True)
    ]


def _number(item: Any) -> bool:
    return isinstance(item, (int, float, np.number)) and not isinstance(item, bool)


def _sentence(readings: Sequence[Reading], values: Mapping[str, Any]) -> str:
    """ "schedule: present in 2 of 3 meta-seeds, undecided in 1; peak 0.2 [0.1, 0.3], …"."""
    title = readings[0].sentence.split(":")[0]
    found = Counter(reading.verdict for reading in readings)
    counts = [(verdict, found[verdict]) for verdict in (PRESENT, ABSENT, UNDECIDED)]
    kept = [(verdict, count) for verdict, count in counts if count]
    first = f"{kept[0][0]} in {kept[0][1]} of {len(readings)} meta-seeds"
    said = ", ".join([first, *(f"{verdict} in {count}" for verdict, count in kept[1:])])
    shown = [
        f"{name} {significant(value['value'])} [{significant(value['low'])}, {significant(value['high'])}]"
        for name, value in values.items()
        if isinstance(value, Mapping) and value["value"] is not None
    ]
    return f"{title}: {said}" + (f"; {', '.join(shown[:NUMBERS])}" if shown else "")


def _controls(readings: Sequence[Reading]) -> tuple[Mapping[str, Any], ...]:
    kept: list[Mapping[str, Any]] = []
    for reading in readings:
        kept += [control for control in reading.controls if control not in kept]
    return tuple(kept)
