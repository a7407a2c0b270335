"""Programs that jaxlib compiled, kept beside TensorFlow's: each a file that begins with its own checksum.

A file is read and compared before jaxlib sees a byte of it: a damaged one may end the process.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.engine import executor, process, program_cache
from bench.engine.pjrt import POLICY
from bench.errors import UserError
from bench.records.files import write_bytes

_DIGEST = 32


class Kept(NamedTuple):
    """A serialized program, and the constants from outside its graph that it is handed after its arguments."""

    program: bytes
    captured: tuple[np.ndarray, ...] = ()


def read(key: str) -> Kept | None:
    """What is kept under `key`; None: nothing, or nothing sound, which is then removed."""
    if (path := _path(key)) is None:
        return None
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, whole = content[:_DIGEST], content[_DIGEST:]
    if hashlib.sha256(whole).digest() != digest:
        remove(key)
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # the longest unused go first
    with np.load(io.BytesIO(whole), allow_pickle=False) as parts:
        captured = tuple(parts[f"captured_{i}"] for i in range(len(parts.files) - 1))
        return Kept(parts["program"].tobytes(), captured)


def write(key: str, kept: Kept) -> None:
    """Keep a program; where it cannot be kept, it is compiled anew."""
    if (path := _path(key)) is None:
        return
    buffer = io.BytesIO()
    captured: dict[str, Any] = {f"captured_{i}": value for i, value in enumerate(kept.captured)}
    np.savez(buffer, program=np.frombuffer(kept.program, "uint8"), **captured)
    whole = buffer.getvalue()
    with contextlib.suppress(UserError):
        write_bytes(path, hashlib.sha256(whole).digest() + whole)


def remove(key: str) -> None:
    """Forget a program that is of no use."""
    if path := _path(key):
        with contextlib.suppress(OSError):
            path.unlink()


def digest(*parts: str) -> str:
    """A key of what determines a program."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(f"{len(part)}:".encode() + part.encode())
    return whole.hexdigest()[:32]


def _path(key: str) -> Path | None:
    root = program_cache.location()
    return root / _folder() / key if root else None


@functools.cache
def _folder() -> str:
    """By all that a program depends on beside its text."""
    versions = " ".join(f"{name} {number}" for name, number in process.versions().items())
    return f"xla-{digest(executor.label(), POLICY, versions, process.processor())[:12]}"
