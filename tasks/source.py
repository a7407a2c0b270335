"""What a function or a Keras object is, as text that lasts: its name, its settings and a digest of its source."""

from __future__ import annotations

import functools
import hashlib
import inspect
import types
from pathlib import Path
from typing import Any

from tasks.source_files import content

_VERSIONED = ("keras", "tensorflow")
"""Packages whose versions are part of a record, so that their source need not be."""


def described(thing: Any) -> str:
    """Equal for things that compute the same."""
    if isinstance(thing, dict):
        return f"{{{', '.join(f'{key}: {described(value)}' for key, value in sorted(thing.items()))}}}"
    if isinstance(thing, (list, tuple)):
        return f"({', '.join(map(described, thing))})"
    return _described(thing)


@functools.lru_cache(maxsize=256, typed=True)
def _described(thing: Any) -> str:
    if thing is None or isinstance(thing, (bool, int, float, str)):
        return repr(thing)
    if isinstance(thing, functools.partial):
        return f"{described(thing.func)}{described(thing.args)}{described(thing.keywords)}"
    if isinstance(thing, (types.FunctionType, types.MethodType, type)):
        return f"{thing.__qualname__}{_held(thing)}{_source(thing)}"
    settings = sorted(thing.get_config().items()) if hasattr(thing, "get_config") else ()
    return f"{type(thing).__qualname__}({', '.join(f'{k}={v!r}' for k, v in settings)}){_source(type(thing))}"


def _held(function: Any) -> str:
    """Values that a function closes over and its defaults."""
    cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    held = [*cells, *(getattr(function, "__defaults__", None) or ())]
    return f"[{', '.join(map(_short, held))}]" if held else ""


def _short(value: Any) -> str:
    if hasattr(value, "__array__"):
        import numpy as np

        array = np.ascontiguousarray(value)
        return f"{array.dtype}{array.shape}{hashlib.sha256(array.tobytes()).hexdigest()[:16]}"
    try:
        return described(value)
    except TypeError:
        return type(value).__qualname__


def _source(thing: Any) -> str:
    if getattr(thing, "__module__", "").partition(".")[0] in _VERSIONED:
        return ""
    try:
        path = Path(inspect.getfile(thing))
    except (TypeError, OSError):
        return ""
    digest, code = hashlib.sha256(content(path) if path.is_file() else b""), getattr(thing, "__code__", None)
    if code:
        digest.update(_bytes(code))
    return ":" + digest.hexdigest()[:16]


def _bytes(code: types.CodeType) -> bytes:
    """What tells functions of one name and file apart, two lambdas for one."""
    inner = b"".join(_bytes(c) if isinstance(c, types.CodeType) else repr(c).encode() for c in code.co_consts)
    return f"{code.co_firstlineno} {code.co_names}".encode() + inner
