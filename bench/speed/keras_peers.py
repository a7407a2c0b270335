"""Plain Keras, one run at a time: a `tf.function` called once per step, and `model.fit`."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.engine import process
from bench.speed import problems
from bench.speed.cells import Workload, sweep
from bench.speed.processes import Contender
from tasks.moons import moons

STEPS = 200
"""Of one timed run."""


def per_step(cell: Workload, problem) -> Contender:
    """The loss is fetched after every step, as a training loop with a progress bar does."""
    step = _stepper(cell, problem)

    def run() -> None:
        for _ in range(STEPS):
            float(step())

    return Contender(run, STEPS)


def per_step_curves(cell: Workload, problem, steps: int) -> np.ndarray:
    """Losses of the first configuration on the first seed: (1, 1, steps + 1)."""
    step = _stepper(cell, problem)
    return np.array([[[float(step()) for _ in range(steps + 1)]]])


def fit(cell: Workload, problem, steps_per_execution: int) -> Contender:
    """`model.fit` for one epoch of many steps, each on the whole data set."""
    import tensorflow as tf

    model = _model(problem, cell, steps_per_execution)
    repeated = tf.data.Dataset.from_tensors(_points()).repeat(STEPS)

    def run() -> None:
        model.fit(repeated, epochs=1, verbose=0, shuffle=False)

    return Contender(run, STEPS)


def fit_curves(cell: Workload, problem, steps: int, steps_per_execution: int) -> np.ndarray:
    """Losses of the first configuration on the first seed, one step an epoch: (1, 1, steps + 1)."""
    model = _model(problem, cell, 1)
    inputs, labels = _points()
    history = model.fit(inputs, labels, batch_size=len(inputs), epochs=steps + 1, verbose=0)
    return np.array([[history.history["loss"]]])


def _adam(cell: Workload):
    import keras

    first = {name: float(column[0]) for name, column in sweep(cell.configurations).items()}
    return keras.optimizers.Adam(**first)


def _stepper(cell: Workload, problem):
    """One step of one run -> the loss before it."""
    process.load_tensorflow()
    import tensorflow as tf

    params = tf.nest.map_structure(lambda leaf: tf.Variable(leaf[0]), problem.params)
    data = tf.nest.map_structure(lambda leaf: tf.constant(leaf[0]), problem.data)
    variables, optimizer = tf.nest.flatten(params), _adam(cell)
    optimizer.build(variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            values = tf.nest.map_structure(tf.convert_to_tensor, params)
            loss = cell.task.loss(values, data, None)
        gradients = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss

    return step


def _points() -> tuple[np.ndarray, np.ndarray]:
    inputs, labels = moons(problems.MOONS, problems.NOISE)
    return np.ascontiguousarray(inputs.T), labels[:, None]


def _model(problem, cell: Workload, steps_per_execution: int) -> Any:
    """The network of problems.Moons as anybody writes it, with the first seed's parameters."""
    process.load_tensorflow()
    import keras

    hidden = [keras.layers.Dense(width, "tanh") for width in problems.HIDDEN]
    model = keras.Sequential([keras.Input([2]), *hidden, keras.layers.Dense(1)])
    model.set_weights([leaf[0] for layer in problem.params for leaf in layer])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(_adam(cell), loss, steps_per_execution=steps_per_execution)
    return model
