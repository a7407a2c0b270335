"""Files that are either whole or not there, and JSON that keeps every value.

A write goes to a temporary file in the same folder, is flushed to the disk and renamed over the target, so a process
killed at any moment leaves the old file or the new one.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import errno
import io
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.terminal import shown

STALE = 3600.0
"""Seconds after which a temporary file is taken for a killed process's and removed."""
_SUFFIX = ".partial"


def write_bytes(path: Path, content: bytes) -> None:
    """Put `content` at `path`, whole or not at all; makes the folder. Raises UserError."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(path.parent)
        handle, temporary = tempfile.mkstemp(_SUFFIX, ".", path.parent)
        try:
            _fill(handle, content)
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise UserError(_cannot_write(path, error)) from None


def check_folder(folder: Path | str) -> None:
    """Try to write where `folder` is or would be, before work is done for it; makes nothing. Raises UserError."""
    folder = Path(folder)
    try:
        if folder.exists() and not folder.is_dir():
            raise UserError(f"{folder} is a file; give a folder")
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise UserError(_cannot_write(folder, error)) from None


def check_file(path: Path | str) -> Path:
    """The same for a file and its folder."""
    path = Path(path)
    check_folder(path.parent)
    if path.is_dir():
        raise UserError(f"{path} is a folder; give a file")
    return path


def check_weights(path: Path | str) -> Path:
    """A weights file that can be written, by its name and its folder. Raises UserError."""
    if Path(path).suffix != ".npz":
        raise UserError(f"weights file {path} must end in .npz")
    return check_file(path)


def _cannot_write(path: Path, error: OSError) -> str:
    room = "make room or " if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return f"cannot write {path}: {error.strerror or error}; {room}choose another folder"


def csv_text(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A CSV file: a line of `columns`, then the rows; None is empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows([columns, *rows])
    return buffer.getvalue()


def write_json(path: Path | str, value: Any) -> None:
    """Write `value` as JSON, atomically; equal values give equal bytes. Raises UserError."""
    write_bytes(Path(path), dumps(value, indent=1).encode() + b"\n")


def read_json(path: Path | str) -> Any:
    """What `write_json` wrote; None if there is no such file, or a damaged one (with a note)."""
    try:
        return loads(Path(path).read_bytes().decode())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        note(f"{path} is ignored: {_short(error)}")
        return None


def note(text: str) -> None:
    """One line to standard error."""
    print(f"note: {shown(text)}", file=sys.stderr)


def dumps(value: Any, indent: int | None = None) -> str:
    """Strict JSON, keys sorted; NaN, infinities and arrays become objects `loads` knows."""
    separators = (",", ":") if indent is None else None
    return json.dumps(_plain(value), sort_keys=True, indent=indent, allow_nan=False, separators=separators)


def loads(text: str) -> Any:
    """The value `dumps` wrote; tuples come back as lists. Raises ValueError."""
    return json.loads(text, object_hook=_revive, parse_constant=_refuse)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": repr(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray) or hasattr(value, "__array__"):
        return _packed(np.asarray(value))
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value


def strict(value: Any) -> Any:
    """`value` with NumPy types and tuples made plain and non-finite numbers made None."""
    if isinstance(value, Mapping):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return strict(value.tolist())
    if isinstance(value, (list, tuple)):
        return [strict(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value


def _packed(array: np.ndarray) -> dict[str, Any]:
    array = np.ascontiguousarray(array).reshape(array.shape)  # ascontiguousarray makes scalars (1,)
    if array.dtype.kind not in "biufc":
        raise TypeError(f"cannot write an array of {array.dtype} as JSON")
    little = array.astype(array.dtype.newbyteorder("<"))
    data = base64.b64encode(little.tobytes()).decode()
    return {"$array": data, "dtype": little.dtype.str, "shape": list(array.shape)}


def _revive(item: dict[str, Any]) -> Any:
    if len(item) == 1 and "$float" in item:
        return float(item["$float"])
    if "$array" in item and set(item) == {"$array", "dtype", "shape"}:
        raw = base64.b64decode(item["$array"], validate=True)
        return np.frombuffer(raw, item["dtype"]).reshape(item["shape"]).copy()
    return item


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _fill(handle: int, content: bytes) -> None:
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove_stale(folder: Path) -> None:
    """Remove what killed writers left; younger files may belong to a living one."""
    for path in folder.glob(f".*{_SUFFIX}"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE:
                path.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
