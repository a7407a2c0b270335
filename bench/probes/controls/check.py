"""How a control is checked: its expected answer, the tolerance, and the gradients it is read on."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from bench.probes.dynamics.component import system_of
from bench.probes.dynamics.subject import Subject, Visited
from bench.probes.dynamics.system import System
from bench.probes.reading import ABSENT, UNDECIDED, Reading
from bench.records.files import strict
from optimizers import Optimizer

TOLERANCE = 1e-3
"""Relative error an exact control may have; absolute where zero is expected."""
HORIZON = 200
NO_CLAIM = f"{ABSENT} or {UNDECIDED}"
"""Expected verdict of a null that need not be recognized as one, only not be claimed."""


class Within(NamedTuple):
    """A number that a realistic control has to meet: by a relative or absolute error, or a factor."""

    value: float
    relative: float = 0.0
    absolute: float = 0.0
    factor: float = 1.0

    def holds(self, found: float) -> bool:
        margin = max(self.relative * abs(self.value), self.absolute)
        if abs(found - self.value) <= margin:
            return True
        return self.value / self.factor <= found <= self.value * self.factor


class Control(NamedTuple):
    """`expected`: verdict, and numbers by path into the values: "beta", "rates.50", "modes.0.decay". `scale` multiplies
    the controls' gradients.
    """

    name: str
    build: Callable[[], Optimizer | System]
    expected: Mapping[str, Any]
    scale: float = 1.0


def check(probe: Callable[[Subject], Reading], control: Control) -> dict[str, Any]:
    """{"name", "passed", "expected", "measured"} of one control. An error counts as not passed."""
    try:
        reading = probe(planted_subject(control.build, control.scale))
        found = {key: measured(reading, key) for key in control.expected}
    except Exception as error:  # a control that cannot be read must silence the probe, not stop the command
        found = {key: f"{type(error).__name__}: {error}" for key in control.expected}
    passed = all(agrees(found[key], value) for key, value in control.expected.items())
    plain = {key: value.value if isinstance(value, Within) else value for key, value in control.expected.items()}
    return strict({"name": control.name, "passed": passed, "expected": plain, "measured": found})


@functools.cache
def planted_subject(build: Callable[[], Optimizer | System], scale: float = 1.0) -> Subject:
    """The subject of a planted optimizer and the controls' own gradients; kept, as probes share controls."""
    built = build()
    system = built if isinstance(built, System) else system_of(built)
    return Subject.of(system, visited(scale=scale))


def visited(horizon: int = HORIZON, scale: float = 1.0) -> Visited:
    """Four runs of Gaussian gradients whose scale falls from 4 to 0.04, times `scale`."""
    scales = scale * np.geomspace(4, 0.04, horizon)
    draws = np.random.default_rng(7).standard_normal((4, horizon))
    return Visited((draws * scales).reshape(-1), None, horizon)


def measured(reading: Reading, path: str) -> Any:
    """The verdict, or the value at a path into the reading's values; None where there is none."""
    if path == "verdict":
        return reading.verdict
    found: Any = reading.values
    for key in path.split("."):
        if isinstance(found, Mapping) and key not in found:
            return None
        found = found[int(key)] if isinstance(found, (list, tuple)) else found[key]
    return found.get("value") if isinstance(found, Mapping) else found


def agrees(found: Any, expected: Any) -> bool:
    """One of the expected words, equal infinities, numbers within TOLERANCE or their own."""
    if isinstance(expected, str):
        return found in expected.split(" or ")
    if expected is None:
        return found is None
    if not isinstance(found, (int, float, np.number)):
        return False
    if isinstance(expected, Within):
        return expected.holds(float(found))
    if not math.isfinite(expected):
        return found == expected
    return abs(found - expected) <= TOLERANCE * (abs(expected) or 1.0)
