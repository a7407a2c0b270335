"""The curvatures of a task: what the best heavy ball and the stability limit depend on."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from bench.engine.keys import keys
from bench.engine.sampling import sample
from bench.lookup.named import NamedTask

PROBLEMS = 512
LARGEST = 64
"""Parameters above which no Hessian is built."""
QUADRATIC = 1e-3
"""Largest relative difference between the change of a gradient and the Hessian's product."""


def spectrum(subject: NamedTask) -> tuple[float, float] | None:
    """Smallest and largest Hessian eigenvalue over 512 report problems of a quadratic task; None for any other.

    Columns of the Hessian are differences of gradients, exact on a quadratic; at further points it is tested whether
    the task is one. Semi-definite and indefinite Hessians have no best heavy ball: None.
    """
    if "quadratic" not in subject.task.tags:
        return None
    params, data = sample(subject.task, keys(subject.name, "report", range(PROBLEMS)))
    flat = tf.concat([tf.reshape(x, [PROBLEMS, -1]) for x in tf.nest.flatten(params)], 1).numpy()
    n = flat.shape[1]
    if n > LARGEST:
        return None
    away = np.random.default_rng(0).standard_normal((PROBLEMS, 1, n)).astype("float32")
    moves = np.concatenate([np.zeros((PROBLEMS, 1, n)), np.tile(np.eye(n), (PROBLEMS, 1, 1)), away], 1)
    moves = moves.astype("float32")
    found = _gradients(subject.task, params, data, flat[:, None] + moves)
    changes = found[:, 1:] - found[:, :1]
    hessians, tested = changes[:, :n], changes[:, n]
    predicted = np.einsum("pin,pi->pn", hessians, away[:, 0].astype(float))
    if not np.linalg.norm(tested - predicted) <= QUADRATIC * np.linalg.norm(tested):
        return None
    eigenvalues = np.linalg.eigvalsh((hessians + hessians.swapaxes(1, 2)) / 2)
    low, high = float(eigenvalues.min()), float(eigenvalues.max())
    return (low, high) if low > 1e-5 * high else None


def _gradients(task, params, data, points: np.ndarray) -> np.ndarray:
    """Noise-free gradients (P, K, n) at points: (P, K, n) of P problems, float64 from float32."""
    shapes = [leaf.shape[1:] for leaf in tf.nest.flatten(params)]
    sizes = [int(np.prod(shape)) for shape in shapes]

    def at(point, problem):
        parts = zip(tf.split(point, sizes), shapes, strict=True)
        leaves = [tf.reshape(part, shape) for part, shape in parts]
        with tf.GradientTape() as tape:
            tape.watch(leaves)
            loss = task.evaluate(tf.nest.pack_sequence_as(params, leaves), problem)
        return tf.concat([tf.reshape(g, [-1]) for g in tape.gradient(loss, leaves)], 0)

    @tf.function(autograph=False)
    def program(points, data):
        def problem(args):
            return tf.vectorized_map(lambda point: at(point, args[1]), args[0])

        return tf.vectorized_map(problem, (points, data))

    return program(tf.constant(points), data).numpy().astype(float)
