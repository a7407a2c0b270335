"""The folder of compiled programs: where it is, when it is of no use, and how it stays small.

XLA writes an entry under another name and renames it, so a killed process leaves no half entry; but it takes a failure
to read or write one for a failure of the program, hence the care here.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import platformdirs

from bench.engine import vouched
from bench.records.files import note

VARIABLE = "OPTOSCOPE_CACHE"
"""Environment variable: a folder instead of the user's cache folder; set but empty, no cache."""
LIMIT = 2 * 2**30
"""Bytes of programs kept; beyond, those longest unused go."""
ROOM = 2**28
"""Bytes that must be free on the disk for the cache to be used."""
RECENT = 86400.0
"""Seconds after its last use in which no program is removed: another process may be about to read it."""


def prepare(processor: str) -> Path | None:
    """The folder for this TensorFlow and `processor`, made and tidied; None, with a note, when it is of no use."""
    root = location()
    if root is None:
        return None
    identity = f"{version('tensorflow')} {processor}"
    folder = root / f"xla-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
    if amiss := trouble(folder):
        note(f"compiled programs are not kept: {folder}: {amiss}; set {VARIABLE} to another folder")
        os.environ[VARIABLE] = ""  # so that worker processes do not say it again
        return None
    tidy(root)
    vouched.remove_damaged(folder)
    atexit.register(vouched.vouch, folder)
    return folder


def location() -> Path | None:
    """Where all compiled programs are kept; None when the user turned that off."""
    given = os.environ.get(VARIABLE)
    if given is None:
        return Path(platformdirs.user_cache_dir("optoscope"))
    return Path(given).expanduser().absolute() if given.strip() else None


def tidy(root: Path, limit: int = LIMIT) -> None:
    """Remove empty entries, and the longest unused ones beyond `limit` bytes; never one used within a day."""
    entries, kept = [], 0
    with contextlib.suppress(OSError):
        entries = [(path, path.stat()) for folder in root.glob("xla-*") for path in vouched.programs(folder)]
    for path, about in sorted(entries, key=lambda entry: -_used(entry[1])):
        kept += about.st_size
        old = time.time() - _used(about) > RECENT
        if about.st_size == 0 or (kept > limit and old):
            with contextlib.suppress(OSError):
                path.unlink()


def clear() -> None:
    """Remove every program kept: XLA does not say which one it could not read."""
    root = location()
    for folder in root.glob("xla-*") if root else ():
        for path in vouched.programs(folder):
            with contextlib.suppress(OSError):
                path.unlink()


def _used(about: os.stat_result) -> float:
    return max(about.st_atime, about.st_mtime)


def trouble(folder: Path) -> str:
    """Why programs cannot be kept in `folder`; empty when they can."""
    if '"' in str(folder):
        return "TensorFlow takes no quotation marks in this path"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        return error.strerror or str(error)
    return f"only {free / 2**20:.0f} MiB are free" if free < ROOM else ""
