"""What a plan is made of, as text, where all of its code is this project's or Keras's: known without a trace.

Two plans of one text, under one source and equal versions of packages, trace to the same program.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.engine.unroll import Plan
from bench.lookup.identity import ours, source

_PLAIN = (str, bytes, int, float, complex, type(None))


class Unknown(Exception):
    """Of what is no part of this project, or holds what has no text."""


def definition(plan: Plan) -> str:
    """Raises Unknown where only a trace can tell."""
    if not (ours(plan.task) and ours(plan.build)):
        raise Unknown
    floor = float(plan.task.floor)  # of a registry
    return " ".join([source(), repr(floor), *(_text(part) for part in plan)])


def _text(thing: Any) -> str:
    """Unlike `repr`, all of it. Raises Unknown."""
    if isinstance(thing, _PLAIN):
        return repr(thing)
    if isinstance(thing, (np.ndarray, np.generic)):
        array = np.ascontiguousarray(thing)
        return f"array {array.dtype} {array.shape} {hashlib.sha256(array.tobytes()).hexdigest()}"
    if isinstance(thing, (tuple, list, Mapping)):
        parts = thing.items() if isinstance(thing, Mapping) else thing
        return f"{type(thing).__name__}({', '.join(map(_text, parts))})"
    if isinstance(thing, functools.partial):
        return f"partial({_text((thing.func, thing.args, thing.keywords))})"
    if inspect.ismethod(thing):
        return f"{_text(thing.__func__)} of {_text(thing.__self__)}"
    if inspect.isfunction(thing):
        return _function(thing)
    if isinstance(thing, type):
        return f"{thing.__module__}.{thing.__qualname__}"
    if dataclasses.is_dataclass(thing):
        fields = [(field.name, getattr(thing, field.name)) for field in dataclasses.fields(thing)]
        return f"{_text(type(thing))} {_text(fields)}"
    raise Unknown


def _function(f: Any) -> str:
    """Its place in the source, and what it closes over and has for defaults."""
    try:
        held = [cell.cell_contents for cell in f.__closure__ or ()]
    except ValueError:  # a name that is bound later
        raise Unknown from None
    place = f"{f.__module__}.{f.__qualname__} {f.__code__.co_firstlineno} {f.__code__.co_code.hex()}"
    return f"{place} {_text((held, f.__defaults__ or (), f.__kwdefaults__ or {}))}"
