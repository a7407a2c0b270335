"""The estimators as settings: what each is, its source, and which program it compiles."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from bench.metatraining.goal import Goal


class _Estimator(ABC):
    """`compile` gives a program with `begin`, `segment` and `memory_bytes`; see docs/estimators.md."""

    def segments(self, unroll: int) -> int:
        """Meta-updates per set of problems."""
        return math.ceil(unroll / getattr(self, "length", unroll))

    @abstractmethod
    def compile(self, goal: Goal) -> Any:
        """The program of `goal`."""


@dataclass(frozen=True)
class FullBackprop(_Estimator):
    """Through the whole run, adjoints clipped and discounted at every step (bench.metatraining.metagradient)."""

    def compile(self, goal: Goal) -> Any:
        from bench.metatraining.estimators.backprop import Whole

        return Whole(goal)


@dataclass(frozen=True)
class TruncatedBackprop(_Estimator):
    """Through `length` steps at a time, each from where the last one ended, which counts as given.

    Williams and Peng, 1990. Biased: what θ did before the segment is not seen.
    """

    length: int = 20

    def __post_init__(self):
        _check_whole("length", self.length)

    def compile(self, goal: Goal) -> Any:
        from bench.metatraining.estimators.backprop import Truncated

        return Truncated(goal, min(self.length, goal.steps))


@dataclass(frozen=True)
class EvolutionStrategies(_Estimator):
    """From losses alone: whole runs with θ ± ε, ε ~ N(0, deviation²), `pairs` of them for every problem.

    Rechenberg, 1973; antithetic as in Salimans et al., 2017. Unbiased for the loss smoothed over ε.
    """

    deviation: float = 0.01
    pairs: int = 1

    def __post_init__(self):
        _check_noise(self)

    def compile(self, goal: Goal) -> Any:
        from bench.metatraining.estimators.evolution import Evolution

        return Evolution(goal, goal.steps, self.deviation, self.pairs, "whole")


@dataclass(frozen=True)
class _Segmented(_Estimator):
    """Perturbations over segments of `length` steps; `kind`: what becomes of them in the next segment."""

    length: int = 20
    deviation: float = 0.01
    pairs: int = 1
    kind: ClassVar[str]

    def __post_init__(self):
        _check_whole("length", self.length)
        _check_noise(self)

    def compile(self, goal: Goal) -> Any:
        from bench.metatraining.estimators.evolution import Evolution

        length = min(self.length, goal.steps)
        return Evolution(goal, length, self.deviation, self.pairs, self.kind)


class TruncatedEvolutionStrategies(_Segmented):
    """The same over segments of `length` steps; between them problems go on with θ undisturbed.

    Metz et al., 2019. Biased as truncated backprop is.
    """

    kind = "truncated"


class PersistentEvolutionStrategies(_Segmented):
    """Segments with perturbations that add up: every particle goes on from where it was, and its loss counts for the
    sum of all ε it has seen.

    Vicol, Metz and Sohl-Dickstein, 2021. Unbiased for the loss smoothed over independent ε of the segments, as long as
    θ stays the same along a run.
    """

    kind = "persistent"


def _check_whole(name: str, value: Any) -> None:
    if type(value) is not int or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")


def _check_noise(estimator: Any) -> None:
    _check_whole("pairs", estimator.pairs)
    deviation = estimator.deviation
    if type(deviation) not in (int, float) or not 0 < deviation < math.inf:
        raise ValueError(f"deviation must be a positive number, not {deviation!r}")
