"""Which XLA compiles and runs the engine's programs: TensorFlow's own, or jaxlib's where that is asked for.

Imports neither: what is chosen is told before either is loaded.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from bench.errors import UserError

VARIABLE = "OPTOSCOPE_EXECUTOR"
"""Environment variable: one of NAMES; unset or empty, "tensorflow"."""
NAMES = ("tensorflow", "jaxlib")
FIRST, BEYOND = (0, 10, 2), (0, 11)
"""Versions of jaxlib that are known to work, the second one excluded: what is called there is not promised to stay."""
REMEDY = "pip install 'optoscope[fast]'"


def chosen(environment: Mapping[str, str]) -> str:
    """One of NAMES. Raises UserError for another, and for jaxlib where it cannot be used."""
    choice = environment.get(VARIABLE, "").strip() or NAMES[0]
    if choice not in NAMES:
        raise UserError(f"{VARIABLE}={choice}: unknown; known: {', '.join(NAMES)}")
    if choice != NAMES[0] and (amiss := _amiss()):
        raise UserError(f"{VARIABLE}={choice}: {amiss}; {REMEDY}")
    return choice


def label() -> str:
    """What was chosen, with the version that numbers depend on, as one word. Raises UserError."""
    choice = chosen(os.environ)
    return choice if choice == NAMES[0] else f"{choice}-{version('jaxlib')}"


def offered() -> tuple[str, ...]:
    """Every label that could be chosen here."""
    return (NAMES[0],) if _amiss() else (NAMES[0], f"{NAMES[1]}-{version('jaxlib')}")


@functools.cache
def _amiss() -> str:
    """Why jaxlib cannot be used; empty where it can."""
    for package in ("jax", "jaxlib"):
        try:
            found = version(package)
        except PackageNotFoundError:
            return f"{package} is not installed"
        numbers = tuple(int(part) for part in found.split(".")[:3] if part.isdigit())
        if not FIRST <= numbers < BEYOND:
            return f"{package} {found} is not one of the versions it was tried with"
    return ""
