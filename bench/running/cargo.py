"""Files that calls need where there is no shared disk: packed here, laid out the same way below another folder there.

Places are kept as they are, relative to one another, so that a file is the same plug-in there: neighbors are found,
digests of sources are equal.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.errors import UserError
from bench.records.files import write_bytes
from tasks import source_files

LARGEST = 2**28
"""Bytes of all files together."""


class Cargo(NamedTuple):
    """`contents`: (place below the root folder, bytes). `imports` and `weights`: (as it was given, its place)."""

    contents: tuple[tuple[str, bytes], ...] = ()
    imports: tuple[tuple[str, str], ...] = ()
    weights: tuple[tuple[str, str], ...] = ()

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits of everything."""
        text = repr((self.imports, self.weights, [(place, len(content)) for place, content in self.contents]))
        whole = hashlib.sha256(text.encode())
        for _, content in self.contents:
            whole.update(content)
        return whole.hexdigest()[:16]


def pack(import_files: Iterable[str], names: Iterable[str]) -> Cargo:
    """What the files given with --import are made of, and the weights files among the `names` of optimizers.

    Raises UserError for one that is missing, and for more than LARGEST bytes.
    """
    imports = [(str(given), Path(given).resolve()) for given in import_files]
    weights = [(name, Path(name).resolve()) for name in dict.fromkeys(names) if name.endswith(".npz")]
    needed = dict.fromkeys(path for _, start in imports for path in _needed(start))
    needed |= dict.fromkeys(path for _, file in weights for path in (file, file.with_suffix(".json")))
    contents = tuple((_place(path), _content(path)) for path in needed)
    if (size := sum(len(content) for _, content in contents)) > LARGEST:
        raise UserError(
            f"the files that --import needs are {size / 2**20:.0f} MiB, and at most {LARGEST / 2**20:.0f} are sent to "
            "workers; put the data where workers find it, and name its whole path"
        )
    placed = [tuple((given, _place(path)) for given, path in of) for of in (imports, weights)]
    return Cargo(contents, *placed)


def unpack(cargo: Cargo, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Write everything below `folder` -> paths to import, in order, and {weights as named: its path}."""
    for place, content in cargo.contents:
        write_bytes(folder / place, content)
    imports = [str(folder / place) for _, place in cargo.imports]
    return imports, {name: str(folder / place) for name, place in cargo.weights}


def _needed(path: Path) -> Iterator[Path]:
    """A file, what it imports of its own folder or package, and files beside it that its text names."""
    if path.suffix == ".toml":
        yield path
        for named in source_files.beside(path, _texts(tomllib.loads(_content(path).decode("utf-8")))):
            yield from _needed(named) if named.suffix == ".py" else [named]
        return
    if not path.is_file():
        raise UserError(f"cannot import {path}: no such file")
    for source in source_files.files(path):
        yield source
        yield from _packages(source)
        yield from source_files.beside(source, source_files.texts(source))


def _packages(source: Path) -> Iterator[Path]:
    """What makes the folders above a file packages, so that they are there as well."""
    for folder in source.parents:
        if not (folder / "__init__.py").is_file():
            return
        yield folder / "__init__.py"


def _texts(value: Any) -> Iterator[str]:
    """All text in a suite's file; of `models.py:build` the file."""
    if isinstance(value, str):
        yield value.partition(":")[0]
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot send {path} to workers: {error.strerror or error}") from None


def _place(path: Path) -> str:
    return path.relative_to(path.anchor).as_posix()
