"""Measurements in files of their own: made once, made again when what they depend on changed or a file is damaged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.records import sealed

_KEY = "identity"


def memo(path: Path, identity: Any, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `make` gives, written to `path` with `identity`; read from there if that is the same.

    `identity`: plain JSON, of everything that the numbers depend on, or its `digest`.
    """
    known = held(path, identity)
    return keep(path, identity, make()) if known is None else known


def held(path: Path, identity: Any) -> dict[str, Any] | None:
    """What `path` keeps of `identity`; None where there is nothing, or something else."""
    known = sealed.read(path)
    return known if known is not None and known.get(_KEY) == identity else None


def keep(path: Path, identity: Any, made: Mapping[str, Any]) -> dict[str, Any]:
    """Write `made` -> the same as it will be read. Raises UserError."""
    found = sealed.sealed({**made, _KEY: identity})
    sealed.write(path, found)
    return {key: value for key, value in found.items() if key != sealed.DIGEST}


def digest(parts: tuple[Any, ...]) -> str:
    """Sixteen hexadecimal digits of `parts`, by how Python writes them."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
