"""The generalist through `fit`: wide Keras models, other norms, a loss in other units.

A network of two hidden layers on the digits, `STEPS` batches of 32. Adam stands beside it as it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import optimizers

STEPS, BATCH, SEEDS = 100, 32, 3


class Condition(NamedTuple):
    """`width` of the hidden layers; the loss is multiplied by `factor`."""

    name: str
    width: int = 285
    activation: str = "relu"
    norm: str | None = None
    factor: float = 1.0


CONDITIONS = (
    Condition("10⁵ parameters, ReLU"),
    Condition("10⁵, loss × 1000", factor=1e3),
    Condition("10⁵, loss / 1000", factor=1e-3),
    Condition("10⁵, GELU and layer norm", activation="gelu", norm="LayerNormalization"),
    Condition("10⁵, tanh and batch norm", activation="tanh", norm="BatchNormalization"),
    Condition("10⁶ parameters, ReLU", width=960),
)


class Fitted(NamedTuple):
    """Loss after the fit over loss before it, of every seed; not finite where it diverged."""

    condition: str
    entry: str
    ratios: tuple[float, ...]


def fitted(
    names: Sequence[str],
    progress: Callable[[str], None] = lambda text: None,
    conditions: Sequence[Condition] = CONDITIONS,
    seeds: int = SEEDS,
) -> list[Fitted]:
    """Every entry under every condition."""
    rows = []
    for condition in conditions:
        for name in names:
            progress(f"fit: {condition.name}, {name}")
            found = tuple(_ratio(condition, optimizers.load(name), seed) for seed in range(seeds))
            rows.append(Fitted(condition.name, name, found))
    return rows


def lines(rows: Sequence[Fitted]) -> list[str]:
    """A table: median over seeds and the seeds' range."""
    from bench.reports.tables import piped

    names = list(dict.fromkeys(row.entry for row in rows))
    told = []
    for condition in dict.fromkeys(row.condition for row in rows):
        mine = {row.entry: row.ratios for row in rows if row.condition == condition}
        told.append([condition, *(_cell(mine[name]) for name in names)])
    return [
        f"Through `fit`, on the digits with two hidden layers: the loss after {STEPS} batches of {BATCH} over the loss",
        "before, median and range over seeds. Adam as it comes.",
        "",
        *piped(["model", *names], told),
        "",
    ]


def _cell(ratios: Sequence[float]) -> str:
    above = sum(not ratio <= 1 for ratio in ratios)
    end = f", **{above}/{len(ratios)} end above**" if above else ""
    return f"{np.median(ratios):.2g} [{min(ratios):.2g}, {max(ratios):.2g}]{end}"


def _ratio(condition: Condition, optimizer: Any, seed: int) -> float:
    import keras

    keras.utils.set_random_seed(seed)
    x, y = _digits()
    model = _model(condition)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, lambda truth, said: condition.factor * loss(truth, said), jit_compile=False)
    before = float(loss(y, model(x, training=False)))
    model.fit(x, y, batch_size=BATCH, steps_per_epoch=STEPS, epochs=1, verbose=0)
    after = float(loss(y, model(x, training=False)))
    return after / before if np.isfinite(after) else float("inf")


def _digits() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    repeats = -(-STEPS * BATCH // len(y))  # `fit` wants as many batches as it is told to take
    return np.tile((x / 16).astype("float32"), (repeats, 1)), np.tile(y, repeats)


def _model(condition: Condition) -> Any:
    import keras

    layers = keras.layers
    stack: list[Any] = [layers.Input((64,))]
    for _ in range(2):
        stack.append(layers.Dense(condition.width))
        if condition.norm:
            stack.append(getattr(layers, condition.norm)())
        stack.append(layers.Activation(condition.activation))
    return keras.Sequential([*stack, layers.Dense(10)])
