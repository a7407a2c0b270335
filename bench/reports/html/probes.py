"""The probe pages: verdict, sentence, numbers, controls, and the panels as numbers for the page's own drawing."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.probes.catalog import PROBES
from bench.reports.html import commands
from bench.reports.html.panels import panels
from bench.reports.origin import Needs
from bench.reports.readings import beside_twins, doubt, readings_in, sentence, short, standing, twins_of, value_text
from bench.reports.tables import settings

MOST_PICTURES = 2_000_000
"""Bytes of pictures kept, of probes that the page cannot draw itself."""


def probe_pages(folders: list[Path], needs: Needs) -> list[dict[str, Any]]:
    """One page per optimizer and task that was probed, in the order of the files."""
    pages, room = [], MOST_PICTURES
    for folder in folders:
        for path, held in readings_in(folder).items():
            page = _page(path, held, needs)
            page["picture"] = _picture(path.with_suffix(".png"), room) if page["foreign"] else ""
            room -= len(page["picture"])
            pages.append(page)
    return pages


def _page(path: Path, held: Mapping[str, Any], needs: Needs) -> dict[str, Any]:
    optimizer, task = str(held.get("optimizer")), str(held.get("task"))
    given = {name: r for name, r in held["readings"].items() if isinstance(r, Mapping)}
    readings = {name: given[name] for name in dict.fromkeys([*PROBES, *given]) if name in given}
    read = held.get("settings") or {}
    return {
        "optimizer": optimizer,
        "task": task,
        "file": path.name,
        "readings": [_reading(name, reading) for name, reading in readings.items()],
        "foreign": [name for name in readings if name not in PROBES],
        "settings": f"Read with {settings(read)}." if read else "",
        "command": commands.probe(optimizer, task, needs, path.parents[1] if read else None),
    }


def _reading(name: str, reading: Mapping[str, Any]) -> dict[str, Any]:
    controls = [control for control in reading.get("controls") or [] if isinstance(control, Mapping)]
    values = reading.get("values") or {}
    amiss = doubt(controls)
    return {
        "name": name.replace("_", " "),
        "question": PROBES[name].summary if name in PROBES else "",
        "verdict": "no claim" if amiss else str(reading.get("verdict", "undecided")),
        "standing": "no claim" if amiss else standing(reading),
        "beside": bool(twins_of(reading)),
        "twins": "" if amiss else beside_twins(reading),
        "would_change": "" if amiss else str(reading.get("would_change") or ""),
        "claim": f"No claim is made: {amiss}." if amiss else sentence(name, reading),
        "values": [] if amiss else _rows(_numbers(name, values), twins_of(reading)),
        "controls": [
            (str(c.get("name")), short(c.get("expected")), short(c.get("measured")), bool(c.get("passed")))
            for c in controls
        ],
        "passed": sum(bool(c.get("passed")) for c in controls),
        "panels": [] if amiss else panels(name, values),
    }


def _rows(numbers: Mapping[str, Any], twins: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, value, and the twins' where they have it."""
    return [
        (k.replace("_", " "), value_text(v), value_text(twins[k]) if k in twins else "") for k, v in numbers.items()
    ]


def _numbers(name: str, values: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The headline values first, then the others."""
    given = {k: v for k, v in values.items() if isinstance(v, Mapping) and "value" in v}
    first = [k for k in (PROBES[name].headline if name in PROBES else ()) if k in given]
    return {k: given[k] for k in dict.fromkeys([*first, *given])}


def _picture(path: Path, room: int) -> str:
    """The picture as a data URI; empty where there is none or no room for it."""
    if not path.is_file() or path.stat().st_size * 4 / 3 > room:
        return ""
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
