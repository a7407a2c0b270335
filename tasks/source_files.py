"""The files that a plug-in is made of: its own, and those of its own folder or package that it imports.

Found in the text, by import statements wherever they stand, so that a constant, or a module that is imported when a
function is called, counts as well.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

PROJECT = ("bench", "optimizers", "optoscope", "tasks")
"""Names that always mean this project's own, whatever lies beside a plug-in."""
_VERSIONED = tuple(Path(__file__).resolve().parents[1] / name for name in ("optimizers", "tasks"))


def versioned(path: Path) -> bool:
    """Whether a file is of this project's tasks or optimizers, whose versions say what changed."""
    return any(folder in path.resolve().parents for folder in _VERSIONED)


def content(path: Path) -> bytes:
    """The bytes of a plug-in's files; its own alone where it imports no neighbor."""
    path = path.resolve()
    root = roots(path)[-1]
    others = [f"\n{other.relative_to(root)}\n".encode() + other.read_bytes() for other in files(path)[1:]]
    return b"".join([path.read_bytes(), *others])


def files(path: Path) -> list[Path]:
    """The plug-in's file, then its neighbors in alphabetical order, those that they import included."""
    path = path.resolve()
    found, waiting = {path}, [path]
    while waiting:
        for neighbor in _imported(waiting.pop()):
            if neighbor not in found:
                found.add(neighbor)
                waiting.append(neighbor)
    return [path, *sorted(found - {path})]


def roots(path: Path) -> tuple[Path, ...]:
    """The folders from which imports of a file start: its own, and that which holds the package it is in."""
    folder = path.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return tuple(dict.fromkeys((path.parent, folder)))


def _imported(path: Path) -> Iterator[Path]:
    """Files below the roots of `path`, none of this project, that its text imports."""
    about, starts = path.stat(), roots(path)
    for level, parts in _imports(path, about.st_mtime_ns, about.st_size):
        if level == 0 and parts[0] in PROJECT:
            continue
        for start in starts if level == 0 else [path.parents[level - 1]]:
            yield from _found(start, parts, starts[-1])


def _found(start: Path, parts: tuple[str, ...], root: Path) -> Iterator[Path]:
    """Files of the modules on the way to a dotted name that are below `root`."""
    for count in range(1, len(parts) + 1):
        place = start.joinpath(*parts[:count])
        for candidate in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
            if root in candidate.parents and candidate.is_file():
                yield candidate.resolve()


@functools.lru_cache(maxsize=256)
def _imports(path: Path, changed: int, size: int) -> list[tuple[int, tuple[str, ...]]]:
    """(level, dotted name in parts) of everything that may be a module in the import statements of a file."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError):
        return []
    found: list[tuple[int, tuple[str, ...]]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(0, tuple(name.name.split("."))) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = tuple(node.module.split(".")) if node.module else ()
            found += [(node.level, (*base, name.name)) for name in node.names]
    return found
