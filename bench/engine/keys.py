"""Random keys: which problems exist, and who may see which of them.

A key is the int32 pair that `tf.random.stateless_*` take: (hash of task name and purpose, seed number). It never
depends on an optimizer, so all entries see the same problems, and purposes never share one. A task draws from `key`,
`key + 1`, …: adding k moves both halves, so that the streams of different seeds stay different too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import numpy as np

PURPOSES = ("report", "tune", "recheck", "metatrain", "validate")
_PURPOSE = re.compile(rf"(batches-)?({'|'.join(PURPOSES)})")
LIMIT = 2**31 - 2**16
"""Seed numbers and hashes stay below this: room for key + k, k < 65536, in an int32."""


def key(task_name: str, purpose: str, seed: int) -> np.ndarray:
    """The key (2,) int32 of problem number `seed`; `purpose` as in `keys`."""
    return keys(task_name, purpose, [seed])[0]


def keys(task_name: str, purpose: str, seeds: Iterable[int]) -> np.ndarray:
    """Keys (n, 2) int32 of the problems numbered `seeds`.

    `purpose` is one of PURPOSES; "batches-report" … key what the steps of a stochastic task see. Raises ValueError for
    another purpose, or a seed outside [0, LIMIT).
    """
    if not _PURPOSE.fullmatch(purpose):
        raise ValueError(f"unknown purpose {purpose!r}; known: {', '.join(PURPOSES)}, or batches-… of one")
    numbers = np.array(list(seeds), np.int64)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= LIMIT):
        extremes = f"{numbers.min()} … {numbers.max()}"
        raise ValueError(f"seeds {extremes}: they are whole numbers from 0 to {LIMIT - 1}")
    first = np.full_like(numbers, digest(f"{task_name}/{purpose}"))
    return np.stack([first, numbers], axis=-1).astype(np.int32)


def digest(text: str) -> int:
    """A number in [0, LIMIT) from a SHA-256 of `text`."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % LIMIT
