"""Which problems are raced, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bench.lookup.named import NamedTask


class Problems(NamedTuple):
    """The problems numbered `seeds` of one task and purpose, and the gradient evaluations of a run on each."""

    subject: NamedTask
    purpose: str
    """As in `bench.engine.keys`: "report", "tune", "recheck", "metatrain" or "validate"."""
    seeds: Sequence[int]
    steps: int
