"""Tiles: how many configurations × seeds one call of a compiled program runs.

XLA orders the additions of a matrix product by its shape, so a tile's shape is part of the numbers: the task fixes it,
and the last tile is padded. A task that works number by number (`Task.flexible`) comes out the same in any shape: there
the tile shrinks, and turns, to what was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tasks import Task

_LEAST, _LONGEST = 8, 512


def shape(task: Task, configurations: int, seeds: int) -> tuple[int, int]:
    """(configurations, seeds) of the tiles that run so many of each; powers of two where they are free."""
    if task.alone:
        return (1, 1)
    if not task.flexible:
        return task.tile
    room = task.tile[0] * task.tile[1]
    columns = min(_power(configurations), room // _LEAST)
    across = min(_power(seeds), max(task.tile[1], min(room // columns, _LONGEST)))
    return min(columns, room // across), across


def blocks(items: Sequence, width: int) -> list[list]:
    """Consecutive blocks of exactly `width`, the last one padded with its last item."""
    cut = [list(items[i : i + width]) for i in range(0, len(items), width)]
    return [block + block[-1:] * (width - len(block)) for block in cut]


def join(parts: Any, *, axis: int, size: int) -> list[np.ndarray]:
    """Tiles concatenated along `axis`, the padding cut off."""
    groups = zip(*parts, strict=True)
    joined = (each[0] if len(each) == 1 else np.concatenate(each, axis) for each in groups)
    return [np.moveaxis(np.moveaxis(array, axis, 0)[:size], 0, axis) for array in joined]


def _power(n: int) -> int:
    """The least power of two ≥ n and the least width of a tile."""
    return max(_LEAST, 1 << (n - 1).bit_length())
