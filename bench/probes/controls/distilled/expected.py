"""What each probe has to find in the distilled networks, and how closely.

β ± 0.01, rate ± 2 %, schedule ± 10 %, time constant ± 15 %, secant ± 25 %, knee within a factor of 2: what a network
taught for a minute can be held to. Where a rule lacks the mechanism, the probe may not claim it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.probes.controls.check import NO_CLAIM, Within, visited
from bench.probes.controls.distilled import teachers
from bench.probes.mechanisms.adaptation import DECADES, POINTS
from bench.probes.reading import PRESENT

SCALES = {"momentum": 0.25, "momentum-clip-schedule": 1.0, "rmsprop": 0.25}
"""Of the controls' gradients: within what each network was taught on."""
STEPS = (0, 5, 10, 20, 50, 100, 200)

_NONE = {"verdict": NO_CLAIM}
_BALL = {
    "verdict": PRESENT,
    "beta": Within(teachers.BETA, absolute=0.01),
    "alpha": Within(teachers.RATE, relative=0.02),
}
_GAIN = {"gain": Within(teachers.RATE / (1 - teachers.BETA), relative=0.02)}
_KNEE = {"verdict": PRESENT, "knee": Within(teachers.THRESHOLD, factor=2)}


def _scheduled() -> dict[str, Any]:
    rates = teachers.RATE * teachers.schedule(np.array(STEPS))
    at = {f"rates.{t}": Within(float(r), relative=0.1) for t, r in zip(STEPS, rates, strict=True)}
    return {"verdict": PRESENT, **at, "decay_time": Within(teachers.TIME, relative=0.15)}


def _adaptive() -> dict[str, Any]:
    largest = np.max(np.abs(visited(scale=SCALES["rmsprop"]).gradients))
    gradients = largest * np.geomspace(10.0**-DECADES, 1, POINTS)
    secants = teachers.ADAPTIVE_RATE / (gradients + teachers.EPSILON)
    at = {f"secants.{i}": Within(float(s), relative=0.25) for i, s in enumerate(secants)}
    return {"verdict": PRESENT, "shape": "falls", "kind": "size", **at}


_TEXTS = {"momentum": "heavy ball", "momentum-clip-schedule": "heavy ball, clip, schedule", "rmsprop": "RMSProp"}


def _of(wanted: Mapping[str, tuple[str, Mapping[str, Any]]]) -> list[tuple[str, str, Any]]:
    """(name, text with the tolerance, expected) of every network; no claim where none is wanted."""
    return [
        (name, f"{text} ({wanted[name][0]})", wanted[name][1]) if name in wanted else (name, f"{text}: none", _NONE)
        for name, text in _TEXTS.items()
    ]


EXPECTED: dict[str, list[tuple[str, str, Any]]] = {
    "fixed_points": [
        (name, f"{_TEXTS[name]} (stable)", {"verdict": PRESENT}) for name in ("momentum", "momentum-clip-schedule")
    ],
    "momentum": _of(
        {
            "momentum": ("β ± 0.01, rate and gain ± 2 %", _BALL | _GAIN),
            "momentum-clip-schedule": ("β ± 0.01, rate ± 2 %", _BALL),
        }
    ),
    "clipping": _of({"momentum-clip-schedule": ("knee within a factor 2", _KNEE)}),
    "schedule": _of({"momentum-clip-schedule": ("rates ± 10 %, time constant ± 15 %", _scheduled())}),
    "adaptation": _of({"rmsprop": ("secants ± 25 %", _adaptive())}),
}
