"""The distilled controls, made again.

A GRU is taught a known rule from its updates alone, on synthetic gradients of scales drawn over decades, so that the
probes can be tried on the substrate they are for: a network whose mechanism nobody wrote down, but everybody knows.
About a minute of one core each.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.probes.controls.distilled import FOLDER, UNITS, architecture
from bench.probes.controls.distilled.teachers import TEACHERS, Teacher
from bench.records import sealed
from bench.records.files import write_bytes

STEPS, BATCH = 100, 64
"""Length and number of the sequences of an iteration."""
RATE, LAST, WARM = 5e-3, 1e-5, 100
"""Adam's rate: warmed up over WARM iterations, a cosine from RATE to LAST."""
SEED = 0
FRESH = 20
"""Batches, of another stream, on which the error in the card is measured."""

Theta = dict[str, np.ndarray]


class Batch(NamedTuple):
    """gradients, updates, size: (STEPS, BATCH); errors are taken relative to size, about the RMS of recent updates."""

    gradients: np.ndarray
    updates: np.ndarray
    size: np.ndarray


def draw(teacher: Teacher, generator: np.random.Generator) -> Batch:
    """Sequences of noise around a lasting gradient; a fifth are constant but for their scale, which changes along each
    sequence.
    """
    top = np.log10(teacher.largest)
    first = generator.uniform(top - teacher.decades, top, BATCH)
    last = np.clip(first + generator.uniform(-2, 1, BATCH), top - teacher.decades - 1, top)
    constant = generator.random(BATCH) < 0.2
    scale = 10 ** np.linspace(first, np.where(constant, first, last), STEPS)
    lasting = generator.random(BATCH) * (generator.random(BATCH) < 0.5)
    lasting = np.where(constant, 1.0, lasting) * generator.choice([-1, 1], BATCH)
    noise = generator.standard_normal((STEPS, BATCH)) * np.sqrt(1 - lasting**2)
    gradients = (scale * (noise + lasting)).astype("float32")
    updates = teacher.updates(gradients.astype(float))
    return Batch(gradients, updates.astype("float32"), _size(updates))


def _size(updates: np.ndarray) -> np.ndarray:
    """Moving RMS of updates (T, B), at least a tenth of the RMS since the start."""
    power = np.cumsum(updates**2, axis=0) / np.arange(1, len(updates) + 1)[:, None]
    recent = updates**2
    for t in range(1, len(updates)):
        recent[t] = 0.9 * recent[t - 1] + 0.1 * recent[t]
    return np.sqrt(np.maximum(recent, 1e-2 * power) + 1e-12).astype("float32")


def train(name: str, iterations: int, seed: int = SEED) -> tuple[Theta, float]:
    """θ of the student of TEACHERS[name] and its relative mean squared error on fresh sequences."""
    teacher = TEACHERS[name]
    theta, slopes = _student(teacher, seed)
    generator = np.random.Generator(np.random.Philox(key=[seed, 0]))
    moments = [{key: np.zeros_like(value) for key, value in theta.items()} for _ in range(2)]
    for i in range(iterations):
        _, gradient = slopes(theta, draw(teacher, generator))
        theta = _adam(theta, gradient, moments, i, _rate(i, iterations))
    fresh = np.random.Generator(np.random.Philox(key=[seed, 1]))
    errors = [slopes(theta, draw(teacher, fresh))[0] for _ in range(FRESH)]
    return theta, float(np.mean(errors))


def _rate(i: int, iterations: int) -> float:
    cosine = 0.5 * (1 + np.cos(np.pi * i / iterations))
    return min(1.0, (i + 1) / WARM) * float(LAST + (RATE - LAST) * cosine)


def _adam(theta: Theta, gradient: Theta, moments: list[Theta], i: int, rate: float) -> Theta:
    """θ after step i of Adam (.9, .99) on a gradient clipped to norm 1; `moments` are updated."""
    norm = np.sqrt(sum(float(np.sum(g**2)) for g in gradient.values()))
    if not np.isfinite(norm):
        return theta
    after = {}
    for key, raw in gradient.items():
        g = raw / max(norm, 1.0)
        moments[0][key] = 0.9 * moments[0][key] + 0.1 * g
        moments[1][key] = 0.99 * moments[1][key] + 0.01 * g * g
        mean, square = (moments[0][key] / (1 - 0.9 ** (i + 1)), moments[1][key] / (1 - 0.99 ** (i + 1)))
        after[key] = (theta[key] - rate * mean / (np.sqrt(square) + 1e-8)).astype("float32")
    return after


def _student(teacher: Teacher, seed: int) -> tuple[Theta, Callable]:
    """θ to start from, and `slopes(θ, batch) -> (error, gradient)`, one compiled program."""
    network = architecture(teacher)
    theta = network.initial(seed)
    theta["readout"] = 0.1 * np.random.default_rng(seed).standard_normal(UNITS).astype("float32")
    return theta, partial(_slopes, _program(network))


def _slopes(program: Callable, theta: Theta, batch: Batch) -> tuple[float, Theta]:
    error, gradient = program(theta, *batch)
    return float(error), {key: value.numpy() for key, value in gradient.items()}


def _program(network: Any) -> Callable:
    import tensorflow as tf

    @tf.function(autograph=False, jit_compile=True)
    def program(theta, gradients, updates, size):
        params = tf.zeros((BATCH,))

        def advance(i, state, moves):
            move, state = student.update(gradients[i], state, params, i)
            return i + 1, state, moves.write(i, move)

        with tf.GradientTape() as tape:
            tape.watch(theta)
            student = network.build(theta)
            moves = tf.TensorArray(tf.float32, STEPS, element_shape=(BATCH,))
            start = (0, student.init(params), moves)
            loop = tf.while_loop(lambda i, *_: i < STEPS, advance, start, maximum_iterations=STEPS)
            error = tf.reduce_mean(((loop[2].stack() - updates) / size) ** 2)
        return error, tape.gradient(error, theta)

    def on_arrays(theta, *arrays):
        tensors = {key: tf.constant(value) for key, value in theta.items()}
        return program(tensors, *(tf.constant(array) for array in arrays))

    return on_arrays


def make(name: str, folder: Path = FOLDER, iterations: int | None = None) -> dict[str, Any]:
    """Write NAME.npz and its card to `folder`; returns the card."""
    iterations = TEACHERS[name].iterations if iterations is None else iterations
    began, processor = time.perf_counter(), time.process_time()
    theta, error = train(name, iterations)
    path = folder / f"{name}.npz"
    buffer, arrays = io.BytesIO(), dict[str, Any](theta)
    np.savez(buffer, **arrays)
    write_bytes(path, buffer.getvalue())
    card = {
        "rule": TEACHERS[name].rule,
        "command": f"python -m bench maintain controls {name}",
        "seed": SEED,
        "iterations": iterations,
        "relative_mean_squared_error": error,
        "seconds": round(time.perf_counter() - began, 1),
        "processor_seconds": round(time.process_time() - processor, 1),
        "versions": {package: version(package) for package in ("tensorflow", "numpy")},
        "sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
    }
    sealed.write(path.with_suffix(".json"), card)
    return card
