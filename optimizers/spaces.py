"""What tuning may set: one distribution per hyper-parameter, each given by its quantile function."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LogUniform:
    """log x uniform on [low, high]; with `complement`, x = 1 − u for such a u (decays close to one)."""

    low: float
    high: float
    complement: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high < math.inf:
            raise ValueError(f"LogUniform needs 0 < low < high, not {self.low}, {self.high}")

    def quantile(self, u: float) -> float:
        x = math.exp(math.log(self.low) + u * (math.log(self.high) - math.log(self.low)))
        return 1.0 - x if self.complement else x


@dataclass(frozen=True)
class Uniform:
    """x uniform on [low, high]."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not -math.inf < self.low < self.high < math.inf:
            raise ValueError(f"Uniform needs low < high, not {self.low}, {self.high}")

    def quantile(self, u: float) -> float:
        return self.low + u * (self.high - self.low)


@dataclass(frozen=True)
class Choice:
    """One of `options`, equally likely."""

    options: tuple[Any, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", tuple(self.options))
        if not self.options:
            raise ValueError("Choice needs at least one option")

    def quantile(self, u: float) -> Any:
        return self.options[min(int(u * len(self.options)), len(self.options) - 1)]


Distribution = LogUniform | Uniform | Choice
