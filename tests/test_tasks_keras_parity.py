"""The engine against Keras's own trainer: random models, the same start, the same batches, the same losses."""

import keras
import numpy as np
import pytest
from keras_models import BATCH, random_model

import optimizers
from bench.engine.keys import keys
from bench.engine.problems import Problems
from bench.engine.race import race
from bench.engine.sampling import batches, sample
from bench.lookup.named import NamedTask
from tasks import KerasTask
from tasks.keras_build import is_seed

STEPS = 10
RULES = {"sgd": 0.05, "adam": 0.01, "rmsprop": 0.003, "adamw": 0.01, "nadam": 0.01}


def loss():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def by_keras(task, subject, optimizer):
    """Scores (STEPS + 1,) of `model.train_on_batch` from the first report problem's start, on its batches."""
    model = task.build()
    params, data = sample(task, keys(subject.name, "report", [0]))
    values = [params[name][0] for name in task.network.trained]
    state = [data["state"][name][0] for name in task.network.state]
    for variable, value in zip(model.trainable_variables, values, strict=True):
        variable.assign(value)
    kept = [v for v in model.non_trainable_variables if not is_seed(v)]
    for variable, value in zip(kept, state, strict=True):
        variable.assign(value)
    model.compile(optimizer, loss(), run_eagerly=True)  # to trace it costs more than it takes
    x, y = task.data.inputs, task.data.targets
    rows = batches(task, keys(subject.name, "batches-report", [0]), STEPS)["rows"][0].numpy()
    scores = [model.evaluate(x, y, batch_size=len(x), verbose=0)]
    for chosen in rows:
        model.train_on_batch(x[chosen], y[chosen])
        scores.append(model.evaluate(x, y, batch_size=len(x), verbose=0))
    return np.array(scores)


USUAL = (0, 3, 12, 14, 16)
"""Dense, image and word models, under every rule; the slow ones are more draws of layers and penalties."""
SLOW = tuple(seed for seed in range(20) if seed not in USUAL)


@pytest.mark.parametrize("seed", [*USUAL, *(pytest.param(seed, marks=pytest.mark.slow) for seed in SLOW)])
def test_losses_are_those_of_keras(seed):
    build, (x, y) = random_model(seed)
    task = KerasTask(build, (x, y), loss(), batch=BATCH)
    name, rate = list(RULES.items())[seed % len(RULES)]
    entry, subject = optimizers.get(name), NamedTask(f"parity-{seed}", task)
    theta = {**entry.defaults, "learning_rate": rate}
    raced = race(entry, [theta], Problems(subject, "report", [0], STEPS), record="all")
    np.testing.assert_allclose(raced.runs.losses[0, 0], by_keras(task, subject, entry.build.plain(theta)), rtol=1e-5)
