"""The files that a plug-in is made of: its own, those of its own folder or package that it imports, and their data.

Found in the text, by import statements and calls of `import_module` wherever they stand, so that a constant, or a
module that is imported when a function is called, counts as well. Data are files beside a module that its text names.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

PROJECT = ("bench", "optimizers", "optoscope", "tasks")
"""Names that always mean this project's own, whatever lies beside a plug-in."""
DATA = frozenset(
    (".csv", ".h5", ".hdf5", ".json", ".npy", ".npz", ".parquet", ".pkl", ".toml", ".tsv", ".yaml", ".yml")
)
"""Endings of files that are read; what a plug-in writes, a log or a picture, is no part of it."""
_VERSIONED = tuple(Path(__file__).resolve().parents[1] / name for name in ("optimizers", "tasks"))


def versioned(path: Path) -> bool:
    """Whether a file is of this project's tasks or optimizers, whose versions say what changed."""
    return any(folder in path.resolve().parents for folder in _VERSIONED)


def content(path: Path) -> bytes:
    """The bytes of a plug-in's files, digests of its data; its own bytes alone where it has no neighbor."""
    path = path.resolve()
    root, modules = roots(path)[-1], files(path)
    others = [(other, other.read_bytes()) for other in modules[1:]]
    others += [(other, _digest(other, *_stamp(other))) for other in data(modules)]
    named = [f"\n{other.relative_to(root)}\n".encode() + held for other, held in others]
    return b"".join([path.read_bytes(), *named])


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


def data(modules: Iterable[Path]) -> list[Path]:
    """Files with an ending of DATA that the modules name in their text, in alphabetical order."""
    return sorted({named for module in modules for named in beside(module, texts(module)) if named.suffix in DATA})


def beside(path: Path, words: Iterable[str]) -> Iterator[Path]:
    """Files that `words` name from the folder of `path`, in it or below it."""
    for word in words:
        if 0 < len(word) < 200 and word.isprintable():
            named = (path.parent / word).resolve()
            if path.parent in named.parents and named != path and named.is_file():
                yield named


def texts(path: Path) -> list[str]:
    """The string constants of a Python file; none of one that Python cannot read."""
    return _read(path, *_stamp(path)).texts


def roots(path: Path) -> tuple[Path, ...]:
    """The folders from which imports of a file start: its own, and that which holds the package it is in."""
    folder = path.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return tuple(dict.fromkeys((path.parent, folder)))


def _imported(path: Path) -> Iterator[Path]:
    """Files below the roots of `path`, none of this project, that its text imports."""
    starts = roots(path)
    for level, parts in _read(path, *_stamp(path)).imports:
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


class _Read(NamedTuple):
    """Of a Python file: (level, dotted name in parts) of what may be a module that it imports, and its strings."""

    imports: list[tuple[int, tuple[str, ...]]]
    texts: list[str]


@functools.lru_cache(maxsize=256)
def _read(path: Path, changed: int, size: int) -> _Read:
    """Nothing of a file that Python cannot read, which whoever imports it says."""
    try:
        nodes = list(ast.walk(ast.parse(path.read_bytes())))
    except (SyntaxError, ValueError, RecursionError):
        return _Read([], [])
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return _Read(_imports(nodes), texts)


def _imports(nodes: Iterable[ast.AST]) -> list[tuple[int, tuple[str, ...]]]:
    found: list[tuple[int, tuple[str, ...]]] = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [(0, tuple(name.name.split("."))) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = tuple(node.module.split(".")) if node.module else ()
            found += [(node.level, (*base, name.name)) for name in node.names]
        elif isinstance(node, ast.Call) and (named := _called(node)):
            bare = named.lstrip(".")
            found.append((len(named) - len(bare), tuple(bare.split("."))))
    return found


def _called(node: ast.Call) -> str:
    """The module that `import_module("…")` or `__import__("…")` names, "" for other calls."""
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    first = node.args[0] if name in ("import_module", "__import__") and node.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when a file is written."""
    about = path.stat()
    return about.st_mtime_ns, about.st_size


@functools.lru_cache(maxsize=256)
def _digest(path: Path, changed: int, size: int) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
