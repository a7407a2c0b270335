"""What two machines must share before they work on one run: this project's source, and what can move a number."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import NamedTuple

from bench.engine import numerics, process

ROOT = Path(__file__).parents[2]


class Site(NamedTuple):
    """`source`: a digest of this project's Python files. `numerics`: the kind of processor, which may differ."""

    source: str
    versions: tuple[tuple[str, str], ...]
    numerics: str


@functools.cache
def here() -> Site:
    """This process's own."""
    return Site(_source(), tuple(process.versions().items()), numerics.processor_kind())


def difference(ours: Site, theirs: Site) -> str:
    """What keeps `theirs` from working on a run of `ours`, and the remedy; "": nothing."""
    for (name, here_is), (_, there_is) in zip(ours.versions, theirs.versions, strict=True):
        if here_is != there_is:
            return f"has {name} {there_is}, and this machine {here_is}; install the same: pip install {name}=={here_is}"
    if ours.source != theirs.source:
        return f"has another optoscope ({theirs.source}) than this machine ({ours.source}); install the same there"
    return ""


def _source() -> str:
    whole = hashlib.sha256()
    for package in ("bench", "optimizers", "tasks"):
        for path in sorted((ROOT / package).rglob("*.py")):
            whole.update(f"{path.relative_to(ROOT).as_posix()}\n".encode() + path.read_bytes())
    return whole.hexdigest()[:12]
