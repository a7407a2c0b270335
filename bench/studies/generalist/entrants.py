"""Who is compared, and what tuning may do to each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import optimizers
from optimizers import Entry, LogUniform, Optimizer
from optimizers.weights_file import read_card

GENERALISTS = ("generalist", "generalist-2", "generalist-3")
BEFORE = "rnnprop-mixture"
"""The generalist that shipped before; it was trained on matrix-factorization, which is reported."""
BASELINES = ("adam", "adamw-cosine", "momentum-cosine", "schedule-free-adamw", "muon")
RATES = ("learning_rate", "initial_learning_rate", "warmup_target")
WHOLE, RATE, KNOB, UNTUNED = "whole space", "rate only", "multiplier", "untuned"
_TENFOLD, _HUNDREDFOLD = 0.1, 100.0
"""Of the published rate: where a search of the rate alone begins and ends."""


class Entrant(NamedTuple):
    """An entry whose space is what is searched; `searched` says it in words."""

    name: str
    searched: str
    entry: Entry

    @property
    def label(self) -> str:
        return f"{self.name}, {self.searched}"


@dataclass(frozen=True)
class Multiplied:
    """The optimizer of an entry at its defaults, its moves times θ's `multiplier`; it does not know of it."""

    name: str
    digest: str = ""

    def __call__(self, theta: Mapping[str, Any]) -> Optimizer:
        import tensorflow as tf

        entry = optimizers.get(self.name)
        inner = entry.build(dict(entry.defaults))

        def update(gradients, state, params, step):
            updates, state = inner.update(gradients, state, params, step)
            return tf.nest.map_structure(lambda u: tf.cast(theta["multiplier"], u.dtype) * u, updates), state

        return Optimizer(inner.init, update)


def baselines() -> list[Entrant]:
    """Every baseline with its whole space, then with its rate alone and all else as published."""
    entries = [optimizers.get(name) for name in BASELINES]
    return [
        *(Entrant(entry.name, WHOLE, entry) for entry in entries),
        *(Entrant(entry.name, RATE, rate_only(entry)) for entry in entries),
    ]


def generalists(names: tuple[str, ...] = GENERALISTS) -> list[Entrant]:
    """Those that ship and the one before, untuned; then the first with its one knob."""
    there = [name for name in names if name in optimizers.names()]
    return [
        *(Entrant(name, UNTUNED, optimizers.get(name)) for name in (*there, BEFORE)),
        *(Entrant(name, KNOB, multiplied(name)) for name in there[:1]),
    ]


def rate_only(entry: Entry) -> Entry:
    """`entry` with its rate alone to search: log-uniform from a tenth to a hundred times the published one."""
    rate = next(name for name in RATES if name in entry.space)
    published = float(entry.defaults[rate])
    space = {rate: LogUniform(_TENFOLD * published, _HUNDREDFOLD * published)}
    return dataclasses.replace(entry, name=f"{entry.name}-rate-only", space=space)


def multiplied(name: str) -> Entry:
    """A learned entry with a global multiplier of its moves to search, from a tenth to ten."""
    entry: Any = optimizers.get(name)
    digest = read_card(entry.defaults.path)["sha256"]
    return dataclasses.replace(
        entry,
        name=f"{name}-multiplied",
        build=Multiplied(name, digest),
        space={"multiplier": LogUniform(0.1, 10.0)},
        defaults={"multiplier": 1.0},
    )
