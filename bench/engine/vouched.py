"""What compiled programs are known to be sound: a damaged one makes TensorFlow fail, or the process die.

A folder of programs holds a file with the size, time and checksum of each. A program that was changed since is compared
with its checksum before TensorFlow sees it; once a day all are, since disks decay without a change of time.
"""

from __future__ import annotations

import contextlib
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.records.files import read_json, write_json

NAME = "vouched.json"
DAY = 86400.0


def programs(folder: Path) -> Iterator[Path]:
    """The files of compiled programs."""
    with contextlib.suppress(OSError):
        yield from (path for path in sorted(folder.iterdir()) if path.is_file() and path.name != NAME)


def remove_damaged(folder: Path) -> int:
    """Remove every program that is not what it was -> how many; and vouch for those that are new."""
    known, now = _known(folder), time.time()
    everything = now - known.get("checked", 0.0) > DAY
    sound, removed = {}, 0
    for path in programs(folder):
        found = _entry(path, known["programs"].get(path.name), everything)
        if not found:
            removed += 1
            with contextlib.suppress(OSError):
                path.unlink()
        else:
            sound[path.name] = found
    _write(folder, {"checked": now if everything else known.get("checked", 0.0), "programs": sound}, known)
    return removed


def vouch(folder: Path) -> None:
    """Take the checksum of every program that has none; those that this process made are sound."""
    known = _known(folder)
    made = {path.name: _new(path) for path in programs(folder) if path.name not in known["programs"]}
    kept = {name: entry for name, entry in made.items() if entry}
    _write(folder, {**known, "programs": {**known["programs"], **kept}}, known)


def _known(folder: Path) -> dict[str, Any]:
    """What the file says; nothing where it is none."""
    found = read_json(folder / NAME)
    sound = isinstance(found, dict) and isinstance(found.get("programs"), dict)
    return found if sound and isinstance(found.get("checked", 0.0), float) else {"programs": {}}


def _write(folder: Path, new: dict[str, Any], old: dict[str, Any]) -> None:
    if new != old:
        with contextlib.suppress(UserError):  # a full disk costs the knowledge, not the run
            write_json(folder / NAME, new)


def _entry(path: Path, known: Any, everything: bool) -> list[int]:
    """[size, time, checksum] of a program; nothing where it is not what is `known` of it."""
    try:
        about = path.stat()
        stamp = [about.st_size, about.st_mtime_ns]
        if not (isinstance(known, list) and len(known) == 3):
            return _new(path)
        if stamp == known[:2] and not everything:
            return known
        return [*stamp, known[2]] if zlib.crc32(path.read_bytes()) == known[2] else []
    except OSError:
        return []


def _new(path: Path) -> list[int]:
    """Nothing where it cannot be read: another process may have removed it."""
    with contextlib.suppress(OSError):
        about, content = path.stat(), path.read_bytes()
        return [about.st_size, about.st_mtime_ns, zlib.crc32(content)]
    return []
