"""What tuning may set: one distribution per hyper-parameter, each given by its quantile function.

What is drawn is a Python number, switch or string, and so is what a record says that won.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class LogUniform:
    """log x uniform on [low, high]; with `complement`, x = 1 − u for such a u (decays close to one)."""

    low: float
    high: float
    complement: bool = False

    def __post_init__(self) -> None:
        if not (_are_numbers(self) and 0 < self.low < self.high < math.inf):
            raise ValueError(f"LogUniform needs 0 < low < high, not {self.low!r}, {self.high!r}")

    def quantile(self, u: float) -> float:
        x = math.exp(math.log(self.low) + u * (math.log(self.high) - math.log(self.low)))
        return 1.0 - x if self.complement else x


@dataclass(frozen=True)
class Uniform:
    """x uniform on [low, high]."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (_are_numbers(self) and -math.inf < self.low < self.high < math.inf):
            raise ValueError(f"Uniform needs numbers low < high, not {self.low!r}, {self.high!r}")

    def quantile(self, u: float) -> float:
        return self.low + u * (self.high - self.low)


@dataclass(frozen=True)
class Integer:
    """A whole number of low … high, both included, equally likely; with `log`, its logarithm about uniform.

    Each value is a program of its own, since a Python integer may set a number of repetitions: keep the range small.
    """

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        for end in ("low", "high"):
            object.__setattr__(self, end, _plain(getattr(self, end)))
        whole = all(isinstance(end, int) and not isinstance(end, bool) for end in (self.low, self.high))
        if not whole or self.low >= self.high or (self.log and self.low < 1):
            least = "1 ≤ " if self.log else ""
            raise ValueError(f"Integer needs whole numbers {least}low < high, not {self.low!r}, {self.high!r}")

    def quantile(self, u: float) -> int:
        if not self.log:
            return min(self.low + int(u * (self.high - self.low + 1)), self.high)
        low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
        return min(max(round(math.exp(low + u * (high - low))), self.low), self.high)


@dataclass(frozen=True)
class Choice:
    """One of `options`, equally likely: numbers, booleans, strings or None."""

    options: tuple[Any, ...]

    def __post_init__(self) -> None:
        if isinstance(self.options, str) or not isinstance(self.options, (Sequence, np.ndarray)):
            raise ValueError(f"Choice needs a tuple of options, in their order, not {self.options!r}")
        options = tuple(_plain(option) for option in self.options)
        object.__setattr__(self, "options", options)
        if not options:
            raise ValueError("Choice needs at least one option")
        for option in options:
            if not (is_switch(option) or isinstance(option, float)):
                raise ValueError(
                    f"Choice holds {option!r}; its options are numbers, booleans, strings or None: "
                    "name what else there is by strings and look it up in build"
                )

    def quantile(self, u: float) -> Any:
        return self.options[min(int(u * len(self.options)), len(self.options) - 1)]


def _plain(value: Any) -> Any:
    """A number of Python's in place of one of NumPy's."""
    return value.item() if isinstance(value, np.generic) else value


def _are_numbers(space: LogUniform | Uniform) -> bool:
    return all(isinstance(end, numbers.Real) and not isinstance(end, bool) for end in (space.low, space.high))


def fault(space: Mapping[str, Any]) -> str:
    """Why nothing can be drawn from a space {setting: distribution}, with the remedy; "": all is well."""
    for name, distribution in space.items():
        if isinstance(distribution, type) or not callable(getattr(distribution, "quantile", None)):
            return f"space of {name!r} is {distribution!r}; give LogUniform, Uniform, Integer or Choice"
    return ""


def is_switch(value: Any) -> bool:
    """Whether a setting is structure, which chooses the program, rather than a number that is swept."""
    return value is None or isinstance(value, (bool, int, str))


def switches(theta: Mapping[str, Any]) -> dict[str, Any]:
    """The structural part of θ."""
    return {name: value for name, value in theta.items() if is_switch(value)}


Distribution = LogUniform | Uniform | Integer | Choice
