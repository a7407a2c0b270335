"""What two machines must share before they work on one run: this project's source, and what can move a number."""

from __future__ import annotations

import functools
from typing import NamedTuple

from bench.engine import executor, numerics, process
from bench.errors import UserError
from bench.lookup import identity


class Site(NamedTuple):
    """`source`: a digest of this project's files, weights included. `numerics`: the processor's kind, which may differ.

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
    return Site(identity.source()[:12], versions, numerics.processor_kind(), _executor(), executor.offered())


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
