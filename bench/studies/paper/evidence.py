"""What the rules see: everything measured of the paper's tasks, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Seed(NamedTuple):
    """One meta-seed: its race (bench.studies.paper.races), readings {probe: plain reading}, quantities
    (bench.studies.paper.quantities) and the report of its ablations, None where they were not run.
    """

    name: str
    race: Mapping[str, Any]
    readings: Mapping[str, Any]
    quantities: Mapping[str, Any]
    ablation: Mapping[str, Any] | None = None


class OnTask(NamedTuple):
    """A task: its meta-seeds, races and θ of the tuned baselines by name. problems: those raced on."""

    task: str
    seeds: tuple[Seed, ...]
    baselines: Mapping[str, Mapping[str, Any]]
    thetas: Mapping[str, Mapping[str, Any]]
    problems: int


Measured = Mapping[str, OnTask]
"""By task; a task that was not measured is not there."""


def value(seed: Seed, probe: str, name: str) -> float | None:
    """The value `name` of a reading; None where it was not read."""
    found = seed.readings.get(probe, {}).get("values", {}).get(name)
    return found.get("value") if isinstance(found, Mapping) else None


def listed(seed: Seed, probe: str, name: str) -> list[Any]:
    """The list `name` of a reading; empty where it was not read."""
    found = seed.readings.get(probe, {}).get("values", {}).get(name)
    return list(found) if isinstance(found, (list, tuple)) else []


def verdict(seed: Seed, probe: str) -> str | None:
    """The verdict of a reading, None where it was not read."""
    return seed.readings.get(probe, {}).get("verdict")
