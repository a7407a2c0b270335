"""What a user can get wrong."""

from __future__ import annotations

from typing import Any


class UserError(ValueError):
    """A mistake of the user's: one line that names the value and the remedy."""


class MachineError(UserError):
    """What the machine could not do, as for want of memory or room: it says nothing about what ran."""


LARGEST = 2**31 - 1
"""The largest count: steps and problems are numbered with 32 bits."""


def check_count(name: str, value: Any, least: int = 1) -> int:
    """`value` if it is a whole number of at least `least`, and of at most LARGEST; raises UserError."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UserError(f"{name} must be a whole number of at least {least}, not {value!r}")
    if value > LARGEST:
        raise UserError(f"{name} must be a whole number of at most {LARGEST}, not one of {len(str(value))} digits")
    return value
