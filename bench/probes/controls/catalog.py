"""Controls: every probe reads optimizers of known mechanism before it may say anything about an unknown one."""

from __future__ import annotations

import functools
import math

import numpy as np

from bench.probes.controls import planted, planted_modes
from bench.probes.controls.check import HORIZON, NO_CLAIM, Control, check, planted_subject, visited
from bench.probes.controls.distilled import student
from bench.probes.controls.distilled.expected import EXPECTED, SCALES
from bench.probes.controls.networks import untrained_gru, untrained_perceptron
from bench.probes.dynamics.system import System
from bench.probes.reading import ABSENT, PRESENT, UNDECIDED
from optimizers import Optimizer

__all__ = ["CONTROLS", "HORIZON", "Control", "check", "planted_subject", "visited"]

_A = np.array([[0.6, 0.2, 0.0], [0.0, 0.8, 0.1], [0.0, 0.0, -0.5]])
_B, _C, _D = np.array([1.0, 0.5, -1.0]), np.array([-0.02, -0.01, 0.03]), -0.1
_HELD = float(_C @ np.linalg.solve(np.eye(3) - _A, _B) + _D)
"""Update per constant gradient of the linear map, c·(1 − A)⁻¹ b + d; its spectral radius is 0.8."""
_TYPICAL = float(np.quantile(np.abs(visited().gradients), 0.9))

_EARLY = float(np.mean(np.abs(visited().gradients.reshape(-1, HORIZON)[:, :20]) > 1.5))
"""Share of the controls' gradients beyond 1.5 in the first 20 steps of a run."""


def _linear() -> Optimizer:
    return planted.linear(_A, _B, _C, _D)


def _cosine(t: int) -> float:
    return 0.1 * (1 + math.cos(math.pi * t / HORIZON))


_AGGMO = {"verdict": PRESENT, "gain": 0.1 + 0.2 + 0.1}
_AGGMO |= {"modes.0.alpha": 0.018, "modes.0.decay": 0.9, "modes.1.alpha": 0.00099, "modes.1.decay": 0.99}
_BALL = {"verdict": PRESENT, "alpha": 0.05, "beta": 0.9, "r2": 1.0, "gain": 0.5}
_CONSTANT = {"verdict": ABSENT, "variation": 0.0}
_LARGEST = float(np.max(np.abs(visited().gradients)))
_LAW = {"verdict": PRESENT, "slope": -1.0, "law": -1.0, "shape": "falls", "bounded": False, "kind": "size"}
_AVERAGE = {"verdict": PRESENT, "change": 1 / (1 + _LARGEST), "shape": "falls", "bounded": False, "kind": "persistence"}
_AGREEMENT = {"verdict": PRESENT, "shape": "rises", "bounded": True, "kind": "sign agreement"}
_FLAT = {"verdict": ABSENT, "slope": 0.0, "change": 1.0, "shape": "steady"}
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
_COSINE_BALL = {"verdict": PRESENT, "initial": 0.05, "rates.100": 0.025, "final": 0.0}
_WARM_UP = {"verdict": PRESENT, "initial": 0.01, "rates.9": 0.1, "final": 0.2}
_WARM_UP_STATE = {"verdict": PRESENT, "initial": 0.0, "rates.5": 0.2 * (1 - 0.9**5), "peak": 0.2}
_REST = {"verdict": PRESENT, "spectral_radius": 0.9, "bias": 0.0}
_EXPONENTIAL = {
    "verdict": PRESENT,
    "initial": 0.25,
    "rates.15": 0.05 * (1 + 4 / math.e),
    "decay_time": 15.0,
    "decay_level": 0.05,
    "decay_r2": 1.0,
    "explained_by_step": 1.0,
}
_SATURATED = {"verdict": ABSENT, "change": 1.0}


def _silent() -> System:
    return untrained_gru(readout=0.0)


_under_cosine = functools.partial(planted.ball_under_cosine, threshold=1.5)
"""Momentum and a clip at 1.5 under a rate that is 0 at the horizon."""
_STUDENTS = {name: functools.partial(student, name) for name in SCALES}


def _distilled(probe: str) -> list[Control]:
    """The networks that were taught a rule, with what this probe has to find in each."""
    return [
        Control(f"distilled: {text}", _STUDENTS[name], wanted, SCALES[name]) for name, text, wanted in EXPECTED[probe]
    ]


CONTROLS: dict[str, list[Control]] = {
    "fixed_points": [
        Control("heavy ball", planted.heavy_ball, _REST),
        Control("linear map", _linear, _CLOSED_FORM),
        Control("Adam: two decays", planted.adam, planted_modes.DECAYS),
        Control("step counter: none", planted.counter, {"verdict": ABSENT, "count": 0}),
        Control("1/t state: marginal", planted.one_over_t_state, {"verdict": UNDECIDED}),
        *_distilled("fixed_points"),
    ],
    "momentum": [
        Control("heavy ball", planted.heavy_ball, _BALL),
        Control("three heavy balls", planted.aggmo, _AGGMO),
        Control("oscillation", planted_modes.oscillator, planted_modes.OSCILLATION),
        Control("schedule of the momentum", planted_modes.momentum_schedule, planted_modes.SCHEDULE),
        Control("momentum and clip under a cosine", _under_cosine, {"verdict": PRESENT, "beta": 0.9, "r2": 1.0}),
        Control("SGD: none", planted.sgd, {"verdict": ABSENT, "memory": 0.0, "gain": 0.1}),
        Control("slow state, not read: none", planted_modes.unread, planted_modes.NO_MEMORY),
        Control("slow state, not fed: none", planted_modes.unfed, planted_modes.NO_MEMORY),
        Control("RMSProp: no kernel at rest", planted.rmsprop, {"verdict": UNDECIDED}),
        Control("untrained perceptron: none", untrained_perceptron, {"verdict": ABSENT}),
        Control("untrained network: none", _silent, {"verdict": ABSENT}),
        *_distilled("momentum"),
    ],
    "clipping": [
        Control("clip at 1.5", planted.clip, _KNEE | {"half_point": 3.0, "share_beyond_early": _EARLY}),
        Control("tanh clip at 1.5", planted.tanh_clip, _KNEE | {"soft_clip_r2": 1.0}),
        Control("momentum and clip under a cosine", _under_cosine, {"verdict": PRESENT, "knee": 1.5}),
        Control("SGD: none", planted.sgd, _NO_KNEE),
        Control("heavy ball: none", planted.heavy_ball, _NO_KNEE),
        Control("RMSProp: none", planted.rmsprop, {"verdict": ABSENT, "history_exponent": 1.0}),
        Control("untrained network: none", _silent, {"verdict": ABSENT}),
        *_distilled("clipping"),
    ],
    "schedule": [
        Control("1/t by step", planted.one_over_t, _ONE_OVER_T),
        Control("1/t by state", planted.one_over_t_state, _ONE_OVER_T),
        Control("step decay", planted.step_decay, _STEPS),
        Control("cosine", planted.cosine, _COSINE),
        Control("momentum and clip under a cosine", _under_cosine, _COSINE_BALL),
        Control("exponential", planted.exponential, _EXPONENTIAL),
        Control("warm-up by step", planted.warm_up, _WARM_UP),
        Control("warm-up by state", planted.warm_up_state, _WARM_UP_STATE),
        Control("SGD: none", planted.sgd, _CONSTANT),
        Control("heavy ball: none", planted.heavy_ball, _CONSTANT),
        Control("untrained network: none", untrained_gru, _CONSTANT),
        *_distilled("schedule"),
    ],
    "adaptation": [
        Control("RMSProp", planted.rmsprop, _LAW),
        Control("Adam", planted.adam, _LAW),
        Control("Adam under a linear schedule", functools.partial(planted.adam, horizon=HORIZON), _LAW),
        Control("smaller steps while gradients persist", planted.averaging, _AVERAGE),
        Control("leaking Rprop", planted.sign_agreement, _AGREEMENT | {"change": 2.0}),
        Control("leaking delta-bar-delta", planted.delta_bar_delta, _AGREEMENT | {"change": math.exp(0.8)}),
        Control("heavy ball: none", planted.heavy_ball, _FLAT),
        Control("clip: none", planted.clip, {"verdict": ABSENT, "change": 1.0}),
        Control("tanh of a velocity: none", planted.tanh_velocity, _SATURATED),
        Control("untrained network: none", untrained_gru, {"verdict": NO_CLAIM}),
        *_distilled("adaptation"),
    ],
}
