"""Keras models as tasks against `model.fit`: one run of one model, on one core each, in turns.

Ours is one more run of a sweep: drawing the start, the steps, and the loss at every recorded step on held-out examples,
which `fit` is not asked for; its program has run before. Of Keras there are two: a model made, compiled and fitted, as
one more run of a sweep takes it, and the same model fitted again, which no sweep can do and which pays for no tracing.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bench.engine import process
from bench.speed.context import Context
from bench.speed.paired_timing import TURN
from bench.speed.processes import Contender
from bench.speed.rows import Ratio, at_least

STEPS, BATCH, HELD_OUT = 200, 64, 640


class Model(NamedTuple):
    """`layers` as (class of keras.layers, its arguments); examples are drawn, their labels too.

    Examples are normal numbers, or with a `vocabulary` words below it.
    """

    name: str
    shape: tuple[int, ...]
    examples: int
    layers: tuple[tuple[str, tuple], ...]
    target: float
    vocabulary: int = 0

    @property
    def work(self) -> str:
        return f"Keras model, {self.name}"


MODELS = (
    Model(
        "convolution, batch norm, dropout",
        (8, 8, 1),
        2000 + HELD_OUT,
        (
            ("Conv2D", (8, 3, 1, "same")),
            ("BatchNormalization", ()),
            ("ReLU", ()),
            ("MaxPooling2D", (2,)),
            ("Flatten", ()),
            ("Dropout", (0.25,)),
            ("Dense", (36, "relu")),
            ("Dense", (10,)),
        ),
        8.0,
    ),
    Model(
        "dense, 1 million parameters",
        (784,),
        60_000,
        (("Dense", (1024, "relu")), ("Dense", (192, "relu")), ("Dense", (10,))),
        2.0,
    ),
    Model("dense, small", (8,), 2000 + HELD_OUT, (("Dense", (16, "tanh")), ("Dense", (10,))), 1.0),
    Model(
        "embedding, LSTM", (20,), 2000 + HELD_OUT, (("Embedding", (50, 8)), ("LSTM", (16,)), ("Dense", (10,))), 1.0, 50
    ),
)


PEERS = {"model.fit": "keras_tasks:anew", "model.fit, again": "keras_tasks:again"}


def measure(context: Context, model: Model, against: str) -> Ratio:
    """How many times as fast as one of PEERS one run is; only against a model made anew something is promised."""
    mine, peer = context.sides["ours"], context.sides["keras"]
    mine.prepare(model.work, "keras_tasks:engine", model)
    peer.prepare(model.work, PEERS[against], model)
    turns = np.array([[side.time(model.work, TURN).wall for side in (mine, peer)] for _ in range(context.rounds)])
    mine.forget()
    peer.forget()
    best = turns.min(axis=0)
    return Ratio(
        model.work,
        against,
        tuple(turns[:, 1] / turns[:, 0]),
        at_least(model.target) if against == "model.fit" else None,
        ours=float(best[0]),
        peer=float(best[1]),
        note=f"{STEPS} steps of {BATCH}, one run; ours with its scores",
    )


def engine(model: Model) -> Contender:
    """One race of one configuration on one seed, another every time: its start is drawn anew."""
    process.load_tensorflow()
    import optimizers
    from bench.engine.problems import Problems
    from bench.engine.race import race
    from bench.lookup.named import NamedTask
    from tasks import KerasTask

    share = HELD_OUT / model.examples
    subject = NamedTask(model.work, KerasTask(partial(_built, model), _examples(model), _loss(), BATCH, None, share))
    entry = optimizers.get("adam")
    seeds = iter(range(10**6))

    def run() -> None:
        race(entry, [entry.defaults], Problems(subject, "report", [next(seeds)], STEPS))

    return Contender(run, STEPS)


def anew(model: Model) -> Contender:
    """A model made, compiled and fitted for one epoch of so many steps on arrays."""
    process.load_tensorflow()
    x, y = _batches(model)
    return Contender(lambda: _fit(_compiled(model), x, y), STEPS)


def again(model: Model) -> Contender:
    """The same model fitted for one epoch more."""
    process.load_tensorflow()
    made, (x, y) = _compiled(model), _batches(model)
    return Contender(lambda: _fit(made, x, y), STEPS)


def _fit(made: Any, x: np.ndarray, y: np.ndarray) -> None:
    made.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)


def _compiled(model: Model) -> Any:
    made = _built(model)
    made.compile("adam", _loss())
    return made


def _batches(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Examples of an epoch, drawn from those that are not held out."""
    x, y = (array[:-HELD_OUT] for array in _examples(model))
    rows = np.random.default_rng(1).integers(0, len(x), STEPS * BATCH)
    return x[rows], y[rows]


def _built(model: Model) -> Any:
    import keras

    layers = [getattr(keras.layers, name)(*arguments) for name, arguments in model.layers]
    return keras.Sequential([keras.Input(model.shape), *layers])


def _loss() -> Any:
    import keras

    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def _examples(model: Model) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    shape = (model.examples, *model.shape)
    inputs = rng.integers(0, model.vocabulary, shape) if model.vocabulary else rng.standard_normal(shape, "float32")
    return inputs, rng.integers(0, 10, model.examples)
