"""Controls: every probe reads optimizers of known mechanism before it may say anything about an
unknown one.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from bench.probes import planted, planted_modes
from bench.probes.component import system_of
from bench.probes.reading import ABSENT, PRESENT, UNDECIDED, Reading, strict
from bench.probes.subject import Subject, Visited
from optimizers import Optimizer

TOLERANCE = 1e-3
"""Relative error a control may have; absolute where zero is expected."""
HORIZON = 200


class Control(NamedTuple):
    """`expected`: verdict, and numbers by path into the values: "beta", "rates.50",
    "modes.0.decay".
    """

    name: str
    build: Callable[[], Optimizer]
    expected: Mapping[str, Any]


def check(probe: Callable[[Subject], Reading], control: Control) -> dict[str, Any]:
    """{"name", "passed", "expected", "measured"} of one control. An error counts as not passed."""
    try:
        reading = probe(planted_subject(control.build))
        found = {key: measured(reading, key) for key in control.expected}
    except (
        Exception
    ) as error:  # a control that cannot be read must silence the probe, not stop the command
        found = {key: f"{type(error).__name__}: {error}" for key in control.expected}
    passed = all(agrees(found[key], value) for key, value in control.expected.items())
    return strict(
        {
            "name": control.name,
            "passed": passed,
            "expected": dict(control.expected),
            "measured": found,
        }
    )


@functools.cache
def planted_subject(build: Callable[[], Optimizer]) -> Subject:
    """The subject of a planted optimizer and the controls' own gradients; kept, as probes share
    controls.
    """
    return Subject.of(system_of(build()), visited())


def visited(horizon: int = HORIZON) -> Visited:
    """Four runs of Gaussian gradients whose scale falls from 4 to 0.04."""
    scales = np.geomspace(4, 0.04, horizon)
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
    """Equal words, equal infinities, numbers within TOLERANCE."""
    if isinstance(expected, str) or expected is None:
        return found == expected
    if not isinstance(found, (int, float, np.number)):
        return False
    if not math.isfinite(expected):
        return found == expected
    return abs(found - expected) <= TOLERANCE * (abs(expected) or 1.0)


_A = np.array([[0.6, 0.2, 0.0], [0.0, 0.8, 0.1], [0.0, 0.0, -0.5]])
_B, _C, _D = np.array([1.0, 0.5, -1.0]), np.array([-0.02, -0.01, 0.03]), -0.1
_HELD = float(_C @ np.linalg.solve(np.eye(3) - _A, _B) + _D)
"""Update per constant gradient of the linear map, c·(1 − A)⁻¹ b + d; its spectral radius is 0.8."""
_TYPICAL = float(np.quantile(np.abs(visited().gradients), 0.9))


def _linear() -> Optimizer:
    return planted.linear(_A, _B, _C, _D)


def _cosine(t: int) -> float:
    return 0.1 * (1 + math.cos(math.pi * t / HORIZON))


_AGGMO = {"verdict": PRESENT, "gain": 0.1 + 0.2 + 0.1}
_AGGMO |= {
    "modes.0.alpha": 0.018,
    "modes.0.decay": 0.9,
    "modes.1.alpha": 0.00099,
    "modes.1.decay": 0.99,
}
_BALL = {"verdict": PRESENT, "alpha": 0.05, "beta": 0.9, "r2": 1.0, "gain": 0.5}
_CONSTANT = {"verdict": ABSENT, "variation": 0.0}
_LAW = {"verdict": PRESENT, "slope": -1.0, "state_slope": -1.0}
_FLAT = {"verdict": ABSENT, "slope": 0.0, "state_slope": 0.0}
_KNEE = {"verdict": PRESENT, "knee": 1.5, "slope": 0.05, "asymptote": 0.075}
_NO_KNEE = {"verdict": ABSENT, "knee": math.inf}
_CLOSED_FORM = {
    "verdict": PRESENT,
    "spectral_radius": 0.8,
    "bias": 0.0,
    "fixed_points.1.update": _HELD * _TYPICAL / 10,
    "fixed_points.4.update": -_HELD * _TYPICAL,
}

_ONE_OVER_T = {"verdict": PRESENT, "initial": 0.3, "rates.9": 0.03, "final": 0.3 / (HORIZON + 1)}
_STEPS = {"verdict": PRESENT, "rates.49": 0.2, "rates.50": 0.02, "rates.150": 2e-4}
_COSINE = {"verdict": PRESENT, "rates.60": _cosine(60), "rates.190": _cosine(190), "final": 0.0}
_WARM_UP = {"verdict": PRESENT, "initial": 0.01, "rates.9": 0.1, "final": 0.2}
_WARM_UP_STATE = {"verdict": PRESENT, "initial": 0.0, "rates.5": 0.2 * (1 - 0.9**5), "peak": 0.2}
_REST = {"verdict": PRESENT, "spectral_radius": 0.9, "bias": 0.0}

CONTROLS: dict[str, list[Control]] = {
    "fixed_points": [
        Control("heavy ball", planted.heavy_ball, _REST),
        Control("linear map", _linear, _CLOSED_FORM),
        Control("Adam: two decays", planted.adam, planted_modes.DECAYS),
        Control("step counter: none", planted.counter, {"verdict": ABSENT, "count": 0}),
        Control("1/t state: marginal", planted.one_over_t_state, {"verdict": UNDECIDED}),
    ],
    "momentum": [
        Control("heavy ball", planted.heavy_ball, _BALL),
        Control("three heavy balls", planted.aggmo, _AGGMO),
        Control("oscillation", planted_modes.oscillator, planted_modes.OSCILLATION),
        Control(
            "schedule of the momentum", planted_modes.momentum_schedule, planted_modes.SCHEDULE
        ),
        Control("SGD: none", planted.sgd, {"verdict": ABSENT, "memory": 0.0, "gain": 0.1}),
        Control("slow state, not read: none", planted_modes.unread, planted_modes.NO_MEMORY),
        Control("slow state, not fed: none", planted_modes.unfed, planted_modes.NO_MEMORY),
        Control("RMSProp: no kernel at rest", planted.rmsprop, {"verdict": UNDECIDED}),
    ],
    "clipping": [
        Control("clip at 1.5", planted.clip, _KNEE | {"half_point": 3.0}),
        Control("tanh clip at 1.5", planted.tanh_clip, _KNEE),
        Control("SGD: none", planted.sgd, _NO_KNEE),
        Control("heavy ball: none", planted.heavy_ball, _NO_KNEE),
        Control("RMSProp: none", planted.rmsprop, {"verdict": ABSENT, "history_exponent": 1.0}),
    ],
    "schedule": [
        Control("1/t by step", planted.one_over_t, _ONE_OVER_T),
        Control("1/t by state", planted.one_over_t_state, _ONE_OVER_T),
        Control("step decay", planted.step_decay, _STEPS),
        Control("cosine", planted.cosine, _COSINE),
        Control("warm-up by step", planted.warm_up, _WARM_UP),
        Control("warm-up by state", planted.warm_up_state, _WARM_UP_STATE),
        Control("SGD: none", planted.sgd, _CONSTANT),
        Control("heavy ball: none", planted.heavy_ball, _CONSTANT),
    ],
    "adaptation": [
        Control("RMSProp", planted.rmsprop, _LAW),
        Control("Adam", planted.adam, _LAW),
        Control("heavy ball: none", planted.heavy_ball, _FLAT),
        Control("clip: none", planted.clip, {"verdict": ABSENT, "state_slope": 0.0}),
    ],
}
