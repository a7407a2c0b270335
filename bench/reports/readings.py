"""Readings of the probes in words: no claim where a control failed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.probes.catalog import PROBES
from bench.probes.reading import PRESENT
from bench.records import sealed
from bench.reports.lines import wrapped
from bench.scores.numbers import number, with_interval

_BRACKETS = (
    "In brackets, but for the twins: the middle 95 % of the same quantity over other states or runs. It need not hold "
    "the value before it."
)


def readings_text(optimizer: str, task: str, readings: Mapping[str, Any], numbers: bool = True) -> str:
    """Readings of one optimizer on one task, a paragraph per probe, with all `numbers` or the sentence only; no claim
    where a control failed.
    """
    lines = [f"{optimizer} on {task}"]
    for name, reading in readings.items():
        if isinstance(reading, Mapping):
            title = name.replace("_", " ")
            first, *others = _claim(name, reading, numbers)
            lines += wrapped(f"{title}: {first}", "  ")
            lines += [line for part in others for line in wrapped(part, "    ")]
    if numbers and any("[" in line for line in lines):
        lines += ["", *wrapped(_BRACKETS)]
    return "\n".join(lines)


def probe_lines(out: Path) -> str:
    held = readings_in(out).values()
    return "\n".join(readings_text(str(h.get("optimizer")), str(h.get("task")), h["readings"], False) for h in held)


def readings_in(out: Path) -> dict[Path, dict[str, Any]]:
    """{file: what it holds} of a run's readings: optimizer, task, and the readings by probe."""
    remedy = "it is left out; the same run or probe makes it again"
    held = {path: sealed.read(path, remedy) for path in sorted((out / "readings").glob("*.json"))}
    return {p: h for p, h in held.items() if h is not None and isinstance(h.get("readings"), dict)}


def _claim(probe: str, reading: Mapping[str, Any], numbers: bool) -> list[str]:
    """Verdict and sentence, then numbers and twins; instead, what is amiss with the controls if anything is."""
    controls = reading.get("controls") or []
    if amiss := doubt(controls):
        return [f"no claim is made, {amiss}"]
    given = {
        name: quantity
        for name, quantity in (reading.get("values") or {}).items()
        if numbers and isinstance(quantity, Mapping) and "value" in quantity
    }
    headline = PROBES[probe].headline if probe in PROBES else ()
    shown = [name for name in headline if name in given] or list(given)
    values = [f"{name} {value_text(given[name])}" for name in shown]
    twins = twins_of(reading) if numbers else {}
    beside = [f"{name} {value_text(twins[name])}" for name in shown if name in twins]
    said = "; ".join(part for part in (standing(reading).upper(), sentence(probe, reading)) if part)
    change = str(reading.get("would_change") or "") if numbers else ""
    parts = [", ".join(values), beside_twins(reading), _medians(beside), change]
    return [f"{said} (controls passed: {len(controls)})", *(part for part in parts if part)]


def _medians(beside: list[str]) -> str:
    return f"the twins' medians [95 %]: {', '.join(beside)}" if beside else ""


def standing(reading: Mapping[str, Any]) -> str:
    """The verdict, and of what is present beside its untrained twins whether it was discovered."""
    verdict = str(reading.get("verdict", "undecided"))
    beyond = _twins(reading).get("beyond")
    if verdict != PRESENT or beyond is None:
        return verdict
    return f"{verdict} and discovered" if beyond else f"{verdict}, not discovered"


def beside_twins(reading: Mapping[str, Any]) -> str:
    """What the untrained twins say, or why there are none."""
    return str(_twins(reading).get("sentence") or reading.get("no_twins") or "")


def twins_of(reading: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """{main number: {"value": median, "low", "high"}} over the twins that have one."""
    quantiles = _twins(reading).get("quantiles") or {}
    return {
        name: {"value": q.get("median"), "low": q.get("low"), "high": q.get("high")}
        for name, q in quantiles.items()
        if isinstance(q, Mapping) and q.get("median") is not None
    }


def _twins(reading: Mapping[str, Any]) -> Mapping[str, Any]:
    twins = reading.get("twins")
    return twins if isinstance(twins, Mapping) else {}


def sentence(probe: str, reading: Mapping[str, Any]) -> str:
    """What a reading says, without the name of the probe and without its verdict."""
    said = str(reading.get("sentence") or "").removeprefix(f"{probe.replace('_', ' ')}: ")
    return said.removeprefix(f"{reading.get('verdict')}; ").removeprefix("none; ")


def doubt(controls: list[Mapping[str, Any]]) -> str:
    """Which controls failed; empty when some were run and all passed."""
    failed = [control for control in controls if not control.get("passed")]
    missed = "; ".join(
        f"{c.get('name')}, expected {short(c.get('expected'))}, measured {short(c.get('measured'))}" for c in failed
    )
    if not controls:
        return "no controls were run"
    return f"{len(failed)} of {len(controls)} controls failed: {missed}" if failed else ""


def value_text(quantity: Mapping[str, Any]) -> str:
    value, low, high = (_float(quantity.get(key)) for key in ("value", "low", "high"))
    return number(value) if low == high else with_interval(value, low, high)


def _float(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan


def short(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {short(item)}" for key, item in value.items())
    return number(value) if isinstance(value, float) else str(value)
