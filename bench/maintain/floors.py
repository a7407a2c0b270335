"""The long search for floors: L-BFGS from many problems' starts, on what is scored.

`python -m bench maintain floors NAME…` prints the lowest evaluation loss found for each task beside its registered
floor. The floors of tasks on fixed data in `tasks.shipped` are what this printed, rounded down. A task whose problems
differ in their data has a floor per problem; its registered floor is a bound below them all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import tasks
from bench.engine.keys import keys
from bench.lookup.resolve import named_task


class Found(NamedTuple):
    """The lowest evaluation loss found, from which problem, and the median over problems."""

    task: str
    lowest: float
    purpose: str
    seed: int
    median: float

    def __str__(self) -> str:
        return (
            f"{self.task}: lowest {self.lowest:.6g} ({self.purpose} {self.seed}), median {self.median:.6g}; "
            f"registered floor {tasks.get(self.task).floor:.6g}"
        )


def search(name: str, *, problems: int = 32, iterations: int = 5000) -> Found:
    """L-BFGS from `problems` problems, half report ones, half validation ones; raises TaskError."""
    from bench.engine.sampling import sample

    subject = named_task(name)
    descend = _descent(subject.task, iterations)
    ends: list[tuple[float, str, int]] = []
    for purpose, count in (("report", -(-problems // 2)), ("validate", problems // 2)):
        drawn = sample(subject.task, keys(subject.name, purpose, range(count)))
        ends += [(descend(drawn, i), purpose, i) for i in range(count)]
    return Found(name, *min(ends), float(np.median([end[0] for end in ends])))


def _descent(task, iterations: int):
    """A function (problems, i) -> lowest evaluation loss that L-BFGS reaches from problem i."""
    import tensorflow as tf
    from scipy.optimize import minimize

    @tf.function(jit_compile=True, autograph=False)
    def value_and_gradient(params, data):
        with tf.GradientTape() as tape:
            tape.watch(params)
            loss = task.evaluate(params, data)
        zero = tf.UnconnectedGradients.ZERO
        return loss, tape.gradient(loss, params, unconnected_gradients=zero)

    def descend(problems, i: int) -> float:
        params, data = tf.nest.map_structure(lambda leaf: leaf[i], problems)
        leaves = tf.nest.flatten(params)
        cuts = np.cumsum([int(tf.size(leaf)) for leaf in leaves])[:-1]

        def objective(flat):
            parts = zip(np.split(flat, cuts), leaves, strict=True)
            shaped = [part.reshape(leaf.shape).astype("float32") for part, leaf in parts]
            loss, gradient = value_and_gradient(tf.nest.pack_sequence_as(params, shaped), data)
            flat_gradient = [np.ravel(leaf) for leaf in tf.nest.flatten(gradient)]
            return float(loss), np.concatenate(flat_gradient).astype("float64")

        start = np.concatenate([np.ravel(leaf) for leaf in leaves]).astype("float64")
        options = {"maxiter": iterations, "maxfun": 2 * iterations, "maxcor": 30, "ftol": 0, "gtol": 0}
        return float(minimize(objective, start, jac=True, method="L-BFGS-B", options=options).fun)

    return descend
