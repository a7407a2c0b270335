"""What two machines must share before they work on one run: this project's source, and what can move a number."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import NamedTuple

from bench.engine import executor, numerics, process
from bench.errors import UserError

ROOT = Path(__file__).parents[2]


class Site(NamedTuple):
    """`source`: a digest of this project's Python files. `numerics`: the kind of processor, which may differ.

    `executor` runs the programs of a run that is started here, and `offered` are those that could.
    """

    source: str
    versions: tuple[tuple[str, str], ...]
    numerics: str
    executor: str
    offered: tuple[str, ...]


@functools.cache
def here() -> Site:
    """This process's own."""
    versions = tuple(process.versions().items())
    return Site(_source(), versions, numerics.processor_kind(), _executor(), executor.offered())


def difference(ours: Site, theirs: Site) -> str:
    """What keeps `theirs` from working on a run of `ours`, and the remedy; "": nothing."""
    for (name, here_is), (_, there_is) in zip(ours.versions, theirs.versions, strict=True):
        if here_is != there_is:
            return f"has {name} {there_is}, and this machine {here_is}; install the same: pip install {name}=={here_is}"
    if ours.source != theirs.source:
        return f"has another optoscope ({theirs.source}) than this machine ({ours.source}); install the same there"
    if ours.executor not in theirs.offered:
        return f"cannot run programs by {ours.executor}, as this machine does; there, {executor.REMEDY}"
    return ""


def _executor() -> str:
    """What was chosen here; a worker's own choice does not count, and may be a mistake."""
    try:
        return executor.label()
    except UserError:
        return ""


def _source() -> str:
    whole = hashlib.sha256()
    for package in ("bench", "optimizers", "tasks"):
        for path in sorted((ROOT / package).rglob("*.py")):
            whole.update(f"{path.relative_to(ROOT).as_posix()}\n".encode() + path.read_bytes())
    return whole.hexdigest()[:12]
