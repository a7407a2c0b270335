"""What the rules see: everything measured of the paper's tasks, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Seed(NamedTuple):
    """One network (a meta-seed): its race (bench.studies.paper.races), readings {probe: plain reading}, quantities
    (bench.studies.paper.quantities) and the report of its ablations, None where they were not run. failed: why a part
    of these could not be measured.
    """

    name: str
    race: Mapping[str, Any]
    readings: Mapping[str, Any]
    quantities: Mapping[str, Any]
    ablation: Mapping[str, Any] | None = None
    failed: str = ""


class OnTask(NamedTuple):
    """A task: the networks that are judged, races, θ of the tuned baselines and the range of their best rates.

    problems: those raced on. rates: {baseline: (least, most) learning rate among the best trials of its tuning}.
    groups: all networks of the task that are there, by group.
    seconds: {(part, optimizer): what it took}. cards: {network: how it was trained}.
    """

    task: str
    seeds: tuple[Seed, ...]
    baselines: Mapping[str, Mapping[str, Any]]
    thetas: Mapping[str, Mapping[str, Any]]
    problems: int
    rates: Mapping[str, tuple[float, float]] = {}
    groups: Mapping[str, tuple[Seed, ...]] = {}
    seconds: Mapping[tuple[str, str], float] = {}
    cards: Mapping[str, Mapping[str, Any]] = {}


Measured = Mapping[str, OnTask]
"""By task; a task that was not measured is not there."""


def value(seed: Seed, probe: str, name: str) -> float | None:
    """The value `name` of a reading; None where it was not read."""
    found = seed.readings.get(probe, {}).get("values", {}).get(name)
    return found.get("value") if isinstance(found, Mapping) else None


def plain(seed: Seed, probe: str, name: str) -> Any:
    """A value that is a word, a flag or a list, or the number of one with a range; None where it was not read."""
    found = seed.readings.get(probe, {}).get("values", {}).get(name)
    return found.get("value") if isinstance(found, Mapping) and "value" in found else found


def listed(seed: Seed, probe: str, name: str) -> list[Any]:
    """The list `name` of a reading; empty where it was not read."""
    found = seed.readings.get(probe, {}).get("values", {}).get(name)
    return list(found) if isinstance(found, (list, tuple)) else []


def verdict(seed: Seed, probe: str) -> str | None:
    """The verdict of a reading, None where it was not read."""
    return seed.readings.get(probe, {}).get("verdict")
