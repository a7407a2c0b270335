"""What the settings of architectures must be. Every message names the setting, its value and the remedy."""

from __future__ import annotations

import math
from typing import Any


def check_option(name: str, value: Any, options: tuple[str, ...]) -> None:
    """Raise ValueError unless `value` is one of `options`."""
    if value not in options:
        raise ValueError(f"{name} {value!r} is none of {', '.join(options)}")


def check_whole(name: str, value: Any, least: int = 1) -> None:
    """Raise ValueError unless `value` is an integer (no boolean) of at least `least`."""
    if type(value) is not int or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")


def check_positive(name: str, value: Any) -> None:
    """Raise ValueError unless `value` is a finite number above 0."""
    if type(value) not in (int, float) or not 0 < value < math.inf:
        raise ValueError(f"{name} must be a positive number, not {value!r}")


def check_decay(name: str, value: Any) -> None:
    """Raise ValueError unless `value` is a number of at least 0 and below 1."""
    if type(value) not in (int, float) or not 0 <= value < 1:
        raise ValueError(f"{name} must be at least 0 and below 1, not {value!r}")
