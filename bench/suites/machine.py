"""How fast this machine is beside the one that the tables were measured on: learned from what runs and studies take.

Kept beside the compiled programs, since it is as much this machine's as they are. Only estimates depend on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.engine import program_cache
from bench.errors import UserError
from bench.records import sealed

FILE = "waits.json"
PARTS = ("cold", "warm", "step", "study")
"""What is learned apart: compiling a program for the first time, loading it again, steps, and whole studies."""
PROGRAMS = 2000
"""Names of programs remembered as compiled."""


class Took(NamedTuple):
    """Seconds that something took here, and those that the table expects."""

    part: str
    seconds: float
    expected: float


def speed(part: str) -> float:
    """How many times longer a part takes here than by the table: as learned, else as steps or compiling do, else 1."""
    held = kept().get("speed", {})
    for known in dict.fromkeys((part, "cold", "step", "study")) if part != "step" else ("step", "study"):
        took, expected = held.get(known, (0.0, 0.0))
        if expected > 0:
            return float(np.clip(took / expected, 0.02, 20.0))
    return 1.0


def learned() -> bool:
    """Whether anything is known of this machine."""
    return bool(kept().get("speed"))


def compiled(program: str) -> bool:
    """Whether a program of that name (optimizer on task) was compiled here before, and may be in the cache."""
    return program in kept().get("programs", ())


def learn(took: Iterable[Took], programs: Iterable[str] = ()) -> None:
    """Keep what parts took, each as a sum in which earlier ones count half, and that `programs` were compiled."""
    held = kept()
    speeds = dict(held.get("speed", {}))
    sums: dict[str, list[float]] = {}
    for part, seconds, expected in took:
        if 0 < seconds < np.inf and 0 < expected < np.inf:
            sums[part] = [a + b for a, b in zip(sums.get(part, (0.0, 0.0)), (seconds, expected), strict=True)]
    for part, new in sums.items():
        speeds[part] = [old / 2 + seconds for old, seconds in zip(speeds.get(part, (0.0, 0.0)), new, strict=True)]
    names = list(dict.fromkeys([*held.get("programs", ()), *programs]))[-PROGRAMS:]
    keep({**held, "speed": speeds, "programs": names})


def place() -> Path | None:
    """The file; None where no programs are kept."""
    root = program_cache.location()
    return None if root is None else root / FILE


def kept() -> dict[str, Any]:
    """What is known; empty where nothing is."""
    path = place()
    return (sealed.read(path, "what things take here is learned again") if path else None) or {}


def keep(value: Mapping[str, Any]) -> None:
    """Write it; where that cannot be, an estimate is nothing to fail for."""
    if path := place():
        try:
            sealed.write(path, {name: part for name, part in value.items() if name != sealed.DIGEST})
        except UserError:
            return
