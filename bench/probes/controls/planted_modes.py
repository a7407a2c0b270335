"""Planted optimizers for the probes of dynamics and momentum: memory of every kind, and memory that is not used."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from bench.probes.controls.planted import linear, optimizer
from optimizers import Optimizer


def nesterov(rate: float = 0.05, beta: float = 0.9) -> Optimizer:
    """v' = β v − α g, dx = β v' − α g (Nesterov, 1983, as in Keras): k_j = α β^(j+1), and α more at j = 0."""

    def rule(g, v, step):
        v = beta * v - rate * g
        return beta * v - rate * g, v

    return optimizer(tf.zeros_like, rule)


def oscillator(amplitude: float = 0.1, decay: float = 0.9, period: float = 25.0, phase: float = -1.0) -> Optimizer:
    """k_j = A ρ^j cos(2π j / P + φ): a gradient is answered with a swing."""
    angle = 2 * math.pi / period
    turn = decay * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    readout = -amplitude * np.array([math.cos(phase), -math.sin(phase)])
    return linear(turn, np.array([1.0, 0.0]), readout @ turn, float(readout[0]))


def momentum_schedule(rate: float = 0.1, first: float = 0.3, last: float = 0.9, decay: float = 0.95) -> Optimizer:
    """v' = β_t v − α g with β_t = last + (first − last) s_t, s' = ρ s, s_0 = 1: a schedule of the momentum."""

    def rule(g, h, step):
        v = (last + (first - last) * h[1]) * h[0] - rate * g
        return v, (v, decay * h[1])

    return optimizer(lambda x: (tf.zeros_like(x), tf.ones_like(x)), rule)


def unread(rate: float = 0.1, beta: float = 0.99) -> Optimizer:
    """v' = β v + g, dx = −α g: the largest eigenvalue is β, and nothing of it shows in the update."""
    return optimizer(tf.zeros_like, lambda g, v, step: (-rate * g, beta * v + g))


def unfed(rate: float = 0.1, beta: float = 0.99) -> Optimizer:
    """v' = β v, v_0 = 1, dx = v / 100 − α g: a slow mode that no gradient reaches."""
    return optimizer(tf.ones_like, lambda g, v, step: (0.01 * v - rate * g, beta * v))


OSCILLATION = {
    "verdict": "present",
    "shape": "oscillation",
    "oscillation_amplitude": 0.1,
    "oscillation_decay": 0.9,
    "oscillation_period": 25.0,
    "oscillation_phase": -1.0,
    "eigenmodes.0.momentum": 0.9,
}
SCHEDULE = {"verdict": "present", "beta": 0.9, "drift_kernels.0.kernel.1": 0.1 * (0.9 - 0.6 * 0.95)}
NO_MEMORY = {"verdict": "absent", "memory": 0.0, "gain": 0.1}
DECAYS = {
    "verdict": "present",
    "eigenmodes.0.momentum": 0.9,
    "eigenmodes.1.momentum": 0.999,
    "step_in_state": 0.0,
    "eigenmodes.0.alpha": None,
}
"""What the probes have to find in them, and in `planted.adam`, at rest: two decays, no rates, F without the step."""
