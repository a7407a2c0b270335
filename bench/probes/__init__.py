"""Probes: look inside any component-wise optimizer and say which mechanisms it has, with numbers.

`read` takes an optimizer and the gradients it met, runs each probe's controls once, then the probe. Only the
catalog of probes is imported at once; the rest, and TensorFlow with it, when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from bench.probes.catalog import PROBES

if TYPE_CHECKING:
    from bench.probes.component import pack, system_of
    from bench.probes.controls import CONTROLS
    from bench.probes.examine import read, run_controls
    from bench.probes.pooling import combine
    from bench.probes.reading import Reading
    from bench.probes.subject import Subject, Visited
    from bench.probes.system import ProbeError, System

__all__ = [
    "CONTROLS", "PROBES", "ProbeError", "Reading", "Subject", "System", "Visited", "combine", "pack",
    "read", "run_controls", "system_of",
]  # fmt: skip

_HOMES = {
    "CONTROLS": "controls", "ProbeError": "system", "Reading": "reading", "Subject": "subject", "System": "system",
    "Visited": "subject", "combine": "pooling", "pack": "component", "read": "examine", "run_controls": "examine",
    "system_of": "component",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
