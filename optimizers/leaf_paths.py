"""What the leaves of a nest of parameters are called: `{"dense": {"kernel": …}}` has "dense/kernel"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def leaf_paths(params: Any) -> tuple[str, ...]:
    """Paths of the leaves, in the order of `tf.nest.flatten`: keys, fields and places, joined by "/".

    Places alone name nothing, so a leaf below none but lists is `parameter_0`, `parameter_1`, …, by its order.
    """
    found = list(_walk(params, ()))
    named = (any(isinstance(part, str) for part in path) for path in found)
    return tuple(
        "/".join(map(str, path)) if known else f"parameter_{i}"
        for i, (path, known) in enumerate(zip(found, named, strict=True))
    )


def _walk(nest: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    parts: list[tuple[Any, Any]]
    if isinstance(nest, Mapping):
        parts = [(key if isinstance(key, str) else str(key), nest[key]) for key in sorted(nest)]
    elif hasattr(nest, "_fields"):
        parts = list(zip(nest._fields, nest, strict=True))
    elif isinstance(nest, (list, tuple)):
        parts = list(enumerate(nest))
    else:
        yield path
        return
    for part, below in parts:
        yield from _walk(below, (*path, part))
