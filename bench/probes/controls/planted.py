"""Optimizers whose mechanism we know because we wrote it: what the probes are checked against.

Each is one line of arithmetic over any nested parameters; every constant is an argument.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from optimizers import Optimizer


def optimizer(initial: Callable[[Any], Any], rule: Callable[..., tuple[Any, Any]]) -> Optimizer:
    """From `rule(g, h, step) -> (dx, h')` and `initial(x) -> h` on one tensor, for any nested parameters."""

    def init(params):
        return [initial(x) for x in tf.nest.flatten(params)]

    def update(gradients, state, params, step):
        leaves = tf.nest.flatten(gradients)
        pairs = [rule(g, h, step) for g, h in zip(leaves, state, strict=True)]
        return tf.nest.pack_sequence_as(params, [dx for dx, _ in pairs]), [h for _, h in pairs]

    return Optimizer(init, update)


def memoryless(curve: Callable[..., Any]) -> Optimizer:
    """dx = curve(g, step)."""
    return optimizer(lambda x: (), lambda g, h, step: (curve(g, step), h))


def _time(g, step):
    return tf.cast(step, g.dtype)


def still() -> Optimizer:
    """dx = 0: the null of every probe."""
    return memoryless(lambda g, step: tf.zeros_like(g))


def sgd(rate: float = 0.1) -> Optimizer:
    """dx = −α g."""
    return memoryless(lambda g, step: -rate * g)


def heavy_ball(rate: float = 0.05, beta: float = 0.9) -> Optimizer:
    """v' = β v − α g, dx = v' (Polyak, 1964)."""

    def rule(g, v, step):
        v = beta * v - rate * g
        return v, v

    return optimizer(tf.zeros_like, rule)


def tanh_velocity(rate: float = 0.05, beta: float = 0.9, limit: float = 0.3) -> Optimizer:
    """v' = c tanh((β v − α g) / c), dx = v': a memory that saturates, which is not adaptation."""

    def rule(g, v, step):
        v = limit * tf.tanh((beta * v - rate * g) / limit)
        return v, v

    return optimizer(tf.zeros_like, rule)


def aggmo(rates: Sequence[float] = (0.1, 0.02, 0.001), betas: Sequence[float] = (0.0, 0.9, 0.99)) -> Optimizer:
    """Several heavy balls at once, dx = Σ v_i (Lucas et al., 2018, with unequal rates)."""

    def rule(g, velocities, step):
        each = zip(rates, betas, velocities, strict=True)
        velocities = [beta * v - rate * g for rate, beta, v in each]
        return tf.add_n(velocities), velocities

    return optimizer(lambda x: [tf.zeros_like(x) for _ in betas], rule)


def linear(A: np.ndarray, b: np.ndarray, c: np.ndarray, d: float) -> Optimizer:
    """h' = A h + b g, dx = c·h + d g with A: (n, n), b, c: (n,): every linear optimizer."""

    def rule(g, h, step):
        dx = tf.linalg.matvec(h, tf.constant(c, g.dtype)) + d * g
        return dx, h @ tf.constant(A.T, g.dtype) + g[..., None] * tf.constant(b, g.dtype)

    return optimizer(lambda x: tf.zeros((*x.shape, len(b)), x.dtype), rule)


def counter(rate: float = 0.3) -> Optimizer:
    """dx = −α g / (1 + s), s' = s + 1 kept as a float: a state that never rests."""
    return optimizer(tf.zeros_like, lambda g, s, step: (-rate / (1 + s) * g, s + 1))


def clip(threshold: float = 1.5, rate: float = 0.05) -> Optimizer:
    """dx = −α clip(g, −c, c)."""
    return memoryless(lambda g, step: -rate * tf.clip_by_value(g, -threshold, threshold))


def tanh_clip(threshold: float = 1.5, rate: float = 0.05) -> Optimizer:
    """dx = −α c tanh(g / c)."""
    return memoryless(lambda g, step: -rate * threshold * tf.tanh(g / threshold))


def clip_by_global_norm(threshold: float = 1.0, rate: float = 0.05) -> Optimizer:
    """Not component-wise: all gradients are shrunk together."""

    def update(gradients, state, params, step):
        leaves, _ = tf.clip_by_global_norm(tf.nest.flatten(gradients), threshold)
        return tf.nest.pack_sequence_as(params, [-rate * g for g in leaves]), state

    return Optimizer(lambda params: (), update)


def one_over_t(rate: float = 0.3) -> Optimizer:
    """dx = −α g / (1 + t), from the step count."""
    return memoryless(lambda g, step: -rate / (1 + _time(g, step)) * g)


def one_over_t_state(rate: float = 0.3) -> Optimizer:
    """dx = −α s g with s' = s / (1 + s), s_0 = 1: the same, from the state."""
    return optimizer(tf.ones_like, lambda g, s, step: (-rate * s * g, s / (1 + s)))


def step_decay(rate: float = 0.2, factor: float = 0.1, every: int = 50) -> Optimizer:
    """dx = −α f^⌊t / every⌋ g."""
    return memoryless(lambda g, step: -rate * factor ** _time(g, step // every) * g)


def cosine(rate: float = 0.2, horizon: int = 200) -> Optimizer:
    """dx = −α (1 + cos(π t / T)) / 2 g (Loshchilov and Hutter, 2017)."""

    def curve(g, step):
        phase = tf.minimum(_time(g, step) / horizon, 1.0)
        return -rate * 0.5 * (1 + tf.cos(math.pi * phase)) * g

    return memoryless(curve)


def ball_under_cosine(
    rate: float = 0.05, beta: float = 0.9, threshold: float = math.inf, horizon: int = 200
) -> Optimizer:
    """v' = β v − α (1 + cos(π t / T)) / 2 clip(g, −c, c), dx = v': at step T it answers nothing."""

    def rule(g, v, step):
        phase = tf.minimum(_time(g, step) / horizon, 1.0)
        v = beta * v - rate * 0.5 * (1 + tf.cos(math.pi * phase)) * tf.clip_by_value(g, -threshold, threshold)
        return v, v

    return optimizer(tf.zeros_like, rule)


def exponential(rate: float = 0.05, extra: float = 4.0, time: float = 15.0) -> Optimizer:
    """dx = −α (1 + extra e^(−t / time)) g, from the step count."""
    return memoryless(lambda g, step: -rate * (1 + extra * tf.exp(-_time(g, step) / time)) * g)


def warm_up(rate: float = 0.2, steps: int = 20) -> Optimizer:
    """dx = −α min(1, (t + 1) / steps) g, from the step count."""
    return memoryless(lambda g, step: -rate * tf.minimum((_time(g, step) + 1) / steps, 1.0) * g)


def warm_up_state(rate: float = 0.2, decay: float = 0.9) -> Optimizer:
    """dx = −α (1 − s) g with s' = ρ s, s_0 = 1: an exponential warm-up kept in the state."""
    return optimizer(tf.ones_like, lambda g, s, step: (-rate * (1 - s) * g, decay * s))


def rmsprop(rate: float = 0.01, rho: float = 0.95, epsilon: float = 1e-8) -> Optimizer:
    """v' = ρ v + (1 − ρ) g², dx = −α g / (√v' + ε) (Hinton, 2012)."""

    def rule(g, v, step):
        v = rho * v + (1 - rho) * g * g
        return -rate * g / (tf.sqrt(v) + epsilon), v

    return optimizer(tf.zeros_like, rule)


def adam(
    rate: float = 0.01, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8, horizon: float = math.inf
) -> Optimizer:
    """Two moving averages, bias-corrected by the step count (Kingma and Ba, 2015); the rate falls to 0 at `horizon`."""

    def rule(g, h, step):
        m, v = beta_1 * h[0] + (1 - beta_1) * g, beta_2 * h[1] + (1 - beta_2) * g * g
        t = _time(g, step) + 1
        corrected = m / (1 - beta_1**t), v / (1 - beta_2**t)
        left = tf.maximum(1 - _time(g, step) / horizon, 0.0)
        return -rate * left * corrected[0] / (tf.sqrt(corrected[1]) + epsilon), (m, v)

    return optimizer(lambda x: (tf.zeros_like(x), tf.zeros_like(x)), rule)


def averaging(rate: float = 0.05, strength: float = 1.0, decay: float = 0.9) -> Optimizer:
    """dx = −α g / (1 + b |m|), m' = ρ m + (1 − ρ) g: smaller steps while gradients persist."""

    def rule(g, m, step):
        return -rate * g / (1 + strength * tf.abs(m)), decay * m + (1 - decay) * g

    return optimizer(tf.zeros_like, rule)


def sign_agreement(rate: float = 0.05, factor: float = 2.0, decay: float = 0.9) -> Optimizer:
    """dx = −α f^s g, s' = ρ s + (1 − ρ) sign(g p), p the gradient before: a leaking Rprop (Riedmiller, Braun, 1993)."""

    def rule(g, h, step):
        s, p = h
        return -rate * factor**s * g, (decay * s + (1 - decay) * tf.sign(g * p), g)

    return optimizer(lambda x: (tf.zeros_like(x), tf.zeros_like(x)), rule)


def delta_bar_delta(
    rate: float = 0.05, up: float = 0.04, down: float = 0.1, decay: float = 0.95, average: float = 0.7
) -> Optimizer:
    """dx = −α e^s g, s' = ρ s + κ where g agrees in sign with the mean of gradients before it, − φ where it does not
    (Jacobs, 1988), leaking.
    """

    def rule(g, h, step):
        s, m = h
        agreement = tf.sign(g * m)
        s_after = decay * s + tf.where(agreement < 0, down, up) * agreement
        return -rate * tf.exp(s) * g, (s_after, average * m + (1 - average) * g)

    return optimizer(lambda x: (tf.zeros_like(x), tf.zeros_like(x)), rule)
