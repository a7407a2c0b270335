"""Measured JSON with its own SHA-256 in it: a file is what was written, or it counts as absent and one line says so.

A flipped bit in a number leaves JSON that reads well. Files of older versions have no digest, so nothing vouches for
them and they count as absent as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.records.files import dumps, loads, note, write_json

DIGEST = "digest"
"""The key under which a file holds the SHA-256 of the rest of it."""


def write(path: Path | str, value: Mapping[str, Any]) -> None:
    """Write a JSON object and its digest, atomically; equal values give equal bytes. Raises UserError."""
    write_json(path, sealed(value))


def read(path: Path | str, remedy: str = "it is made again") -> dict[str, Any] | None:
    """What `write` wrote; None if there is no such file, or, with a note that ends in `remedy`, a damaged one."""
    try:
        return _opened(Path(path))
    except ValueError as error:
        note(f"{path} {error}; {remedy}")
        return None


def demand(path: Path | str, remedy: str) -> dict[str, Any]:
    """What `write` wrote. Raises UserError, which ends in `remedy`, for a file that is missing or damaged."""
    try:
        found = _opened(Path(path))
    except ValueError as error:
        raise UserError(f"{path} {error}; {remedy}") from None
    if found is None:
        raise UserError(f"{path} is not there; {remedy}")
    return found


def sealed(value: Mapping[str, Any]) -> dict[str, Any]:
    """`value` as JSON keeps it, with its digest under DIGEST."""
    plain = loads(dumps({key: item for key, item in value.items() if key != DIGEST}))
    return {**plain, DIGEST: _digest(plain)}


def _opened(path: Path) -> dict[str, Any] | None:
    """The object in the file without its digest; None where there is no file. Raises ValueError: what is amiss."""
    try:
        found = loads(path.read_bytes().decode())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror or error})") from None
    except (ValueError, TypeError, RecursionError):
        raise ValueError("is damaged") from None
    if isinstance(found, dict) and DIGEST not in found:
        raise ValueError("has no digest, as files of older versions")
    if not isinstance(found, dict) or found.pop(DIGEST) != _digest(found):
        raise ValueError("is damaged")
    return found


def _digest(plain: Mapping[str, Any]) -> str:
    return hashlib.sha256(dumps(plain).encode()).hexdigest()
