"""Optimizers of known mechanism as systems in NumPy: nothing to compile, so tests can draw hundreds."""

from __future__ import annotations

import numpy as np

from bench.probes.controls.catalog import visited
from bench.probes.dynamics.subject import Subject
from bench.probes.dynamics.system import System


def subject(system: System, horizon: int = 200, **known) -> Subject:
    """On the controls' own gradients; `known`: curvature, tuned."""
    return Subject.of(system, visited(horizon)._replace(**known))


def linear(A, b, w, d: float = 0.0) -> System:
    """h' = A h + b g, dx = w·h' + d g."""
    A, b, w = (np.asarray(part, float) for part in (A, b, w))

    def function(h, g, t):
        after = h @ A.T + g[:, None] * b
        return after, after @ w + d * g

    return System(function, np.zeros(len(b)))


def sgd(rate: float) -> System:
    """dx = −α g."""
    return linear(np.zeros((0, 0)), np.zeros(0), np.zeros(0), -rate)


def heavy_balls(rates, betas) -> System:
    """v_i' = β_i v_i − α_i g, dx = Σ v_i'."""
    return linear(np.diag(betas), -np.asarray(rates, float), np.ones(len(betas)))


def nesterov(rate: float, beta: float) -> System:
    """v' = β v − α g, dx = β v' − α g, as Keras has it."""
    return linear([[beta]], [-rate], [beta], -rate)


def oscillator(amplitude: float, decay: float, angle: float, phase: float) -> System:
    """k_j = A ρ^j cos(ω j + φ)."""
    turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    readout = -amplitude * np.array([np.cos(phase), -np.sin(phase)])
    return linear(decay * np.array(turn), [1.0, 0.0], readout)


def repeated_pole(decay: float, start: float, slope: float) -> System:
    """k_j = (start + slope j) ρ^j: a critically damped oscillation."""
    return linear([[decay, 0.0], [decay, decay]], [1.0, 0.0], [-start, -slope])


def adam(rate: float, beta_1: float, beta_2: float, epsilon: float = 1e-8) -> System:
    """m, v and the bias corrections of Kingma and Ba (2015)."""

    def function(h, g, t):
        m = beta_1 * h[:, 0] + (1 - beta_1) * g
        v = beta_2 * h[:, 1] + (1 - beta_2) * g * g
        corrected = m / (1 - beta_1 ** (t + 1)), v / (1 - beta_2 ** (t + 1))
        return np.stack([m, v], 1), -rate * corrected[0] / (np.sqrt(corrected[1]) + epsilon)

    return System(function, np.zeros(2))


def scheduled_ball(rate: float, first: float, last: float, decay: float) -> System:
    """v' = β_t v − α g, β_t going from `first` to `last` as s' = ρ s, s_0 = 1: a schedule of the momentum."""

    def function(h, g, t):
        v = (last + (first - last) * h[:, 1]) * h[:, 0] - rate * g
        return np.stack([v, decay * h[:, 1]], 1), v

    return System(function, np.array([0.0, 1.0]))


def gru(units: int, seed: int, readout: float = 0.0) -> System:
    """An untrained component-wise GRU, random gates; with readout 0 as networks are initialised."""
    rng = np.random.default_rng(seed)
    kernel, bias = (rng.standard_normal(3 * units), np.concatenate([np.ones(units), np.zeros(2 * units)]))
    recurrent = np.concatenate([np.linalg.qr(rng.standard_normal((units, units)))[0] for _ in range(3)], axis=1)
    w = readout * rng.standard_normal(units) / np.sqrt(units)

    def function(h, g, t):
        inputs = g[:, None] * kernel + bias
        gates = h @ recurrent
        keep, reset = np.split(1 / (1 + np.exp(-inputs - gates)), 3, axis=1)[:2]
        new = np.tanh(inputs[:, 2 * units :] + reset * gates[:, 2 * units :])
        after = keep * h + (1 - keep) * new
        return after, after @ w

    return System(function, np.zeros(units))


def unread(units: int, seed: int) -> System:
    """A network whose slow state moves with the gradient, but only the gradient is read: no memory in the update."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((units, units))
    A *= 0.99 / np.max(np.abs(np.linalg.eigvals(A)))
    b, rate = rng.standard_normal(units), 10 ** rng.uniform(-3, 0)
    return System(lambda h, g, t: (np.tanh(h @ A.T + g[:, None] * b), -rate * np.tanh(g)), np.zeros(units))


def unfed(units: int, seed: int) -> System:
    """A slow state that is read but that no gradient reaches: the update drifts, and remembers nothing."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((units, units))
    A *= 0.9 / np.max(np.abs(np.linalg.eigvals(A)))
    w, rate = rng.standard_normal(units), 10 ** rng.uniform(-3, 0)
    return System(lambda h, g, t: (h @ A.T, 0.01 * h @ w - rate * g), rng.standard_normal(units))
