"""NumPy archives with a SHA-256 of what they hold in them, without pickles; the checksum of ZIP is of 32 bits."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.records.files import write_bytes

DIGEST = "digest"


def write(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write named arrays and their digest, atomically. Raises UserError."""
    buffer = io.BytesIO()
    whole: dict[str, Any] = {DIGEST: np.array(_digest(arrays)), **arrays}
    np.savez_compressed(buffer, **whole)
    write_bytes(path, buffer.getvalue())


def read(path: Path) -> dict[str, np.ndarray]:
    """What `write` wrote; raises ValueError, or whatever NumPy does, for a file that is not what was written."""
    with np.load(path, allow_pickle=False) as held:
        arrays = dict(held)
    if str(arrays.pop(DIGEST, "")) != _digest(arrays):
        raise ValueError("checksum differs")
    return arrays


def _digest(arrays: Mapping[str, Any]) -> str:
    """Of names, types, shapes and bytes."""
    digest = hashlib.sha256()
    for name, value in sorted(arrays.items()):
        array = np.asarray(value)
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode() + array.tobytes())
    return digest.hexdigest()
