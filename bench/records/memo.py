"""Measurements in files of their own: made once, made again only when what they depend on changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.records.files import read_json, write_json


def memo(path: Path, identity: Any, make: Callable[[], dict[str, Any]], key: str = "identity") -> dict[str, Any]:
    """What `make` gives, written to `path` with `identity` under `key`; read from there if that is the same.

    `identity`: plain JSON, of everything that the numbers depend on, or its `digest`.
    """
    known = read_json(path)
    if known is not None and known.get(key) == identity:
        return known
    write_json(path, {**make(), key: identity})
    return read_json(path)


def digest(parts: tuple[Any, ...]) -> str:
    """Sixteen hexadecimal digits of `parts`, by how Python writes them."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
