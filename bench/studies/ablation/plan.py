"""Which ablations a study runs, and which of them one compiled program can run side by side."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import NamedTuple

from bench.scores.metrics import studied
from bench.studies.ablation.naming import MECHANISMS, Spec
from optimizers import Entry, OptimizerError

METRICS = studied()
"""Scores shown of every entry; the ratios of each are what an ablation can be judged by."""
CONTROLS = 2
"""Random directions tried for every ablation."""
NESTED = ({"momentum", "offset"}, {"momentum", "adaptation"})
"""A state that is reset carries no offset and adapts to nothing: the second adds nothing to the first."""
CONSTANT = ("momentum", "clipping", "schedule")
"""What is taken away to leave one constant rate."""
_PLAIN = ("momentum", "schedule", "bias")


def check_entry(entry: Entry) -> None:
    """Raise OptimizerError for an optimizer that is no system of gradients."""
    if not entry.told_gradients_only:
        raise OptimizerError(f"cannot ablate {entry.name!r}: it is handed the loss itself")


class Ablation(NamedTuple):
    """One entry of the study: `role` is "original", "single", "linear", "rung", "pair" or "control"."""

    label: str
    role: str
    spec: Spec


def variants(horizon: int) -> list[Ablation]:
    """Original, each mechanism, linearisations, rungs of the ladder, pairs, and the random controls."""

    def spec(*without: str, **settings) -> Spec:
        return Spec(without, horizon=horizon, **settings)

    singles = [Ablation(f"without {m}", "single", spec(m)) for m in MECHANISMS]
    linear = [
        Ablation("linearised at rest", "linear", spec(linear="rest")),
        Ablation("linearised along the path", "linear", spec(linear="path")),
    ]
    rungs = [
        Ablation("constant rate", "rung", spec(*CONSTANT)),
        Ablation("linear at rest, saturating", "rung", spec(linear="rest", saturating=True)),
        Ablation("linear along the path, saturating", "rung", spec(linear="path", saturating=True)),
    ]
    pairs = [Ablation(f"without {a} and {b}", "pair", spec(a, b)) for a, b in pairs_of(MECHANISMS)]
    controls = [
        Ablation(f"{label}: random direction {draw}", "control", replace(one, control=draw))
        for label, _, one in [*singles, *linear]
        for draw in range(CONTROLS)
    ]
    return [Ablation("original", "original", spec()), *singles, *linear, *rungs, *pairs, *controls]


def pairs_of(mechanisms) -> list[tuple[str, str]]:
    """Pairs whose second is not already in the first."""
    return [pair for pair in combinations(mechanisms, 2) if set(pair) not in NESTED]


def program_of(spec: Spec) -> tuple[tuple[str, ...], dict[str, float]]:
    """Switches that vary within the program that runs `spec`, and the values of those that do not."""
    off = Spec().flags()
    if spec.control >= 0:
        swept: tuple[str, ...] = (*MECHANISMS, "linear", "saturating", "draw")
        return _split(swept, {**off, "control": 1.0})
    if spec.linear:
        return _split((*MECHANISMS, "saturating"), {**off, "linear": 1.0})
    if set(spec.without) <= set(_PLAIN):
        return _split(_PLAIN, off)
    return _split(tuple(MECHANISMS), off)


def _split(swept: tuple[str, ...], flags: dict[str, float]):
    swept = (*swept, "step")
    return swept, {name: value for name, value in flags.items() if name not in swept}
