"""Weights kept by `metatrain --keep`, sorted into trainings: one series for each meta-seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from bench.errors import UserError
from optimizers import Entry
from optimizers.shipped import load_entry
from optimizers.weights_file import read_card


class Series(NamedTuple):
    """One training: {iteration: entry}, ascending."""

    name: str
    seed: int
    entries: Mapping[int, Entry]


def load(checkpoints: Iterable[Path | str]) -> list[Series]:
    """Series of weights files, and of folders of them; raises UserError or OptimizerError."""
    found: dict[str, dict[int, Path]] = {}
    for file in dict.fromkeys(file for path in checkpoints for file in _files(Path(path))):
        card = read_card(file)
        if "iterations" not in card or "command" not in card:
            raise UserError(f"the card of {file} does not say after how many iterations; keep some by metatrain --keep")
        kept = found.setdefault(card["command"], {})
        if other := kept.get(card["iterations"]):
            raise UserError(f"{file} and {other} are of the same iteration of one training; give one of them")
        kept[card["iterations"]] = file
    return sorted((_series(files) for files in found.values()), key=lambda series: (series.seed, series.name))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path] if path.is_file() else _missing(path)
    return sorted(path.glob("*.npz")) or _missing(path)


def _missing(path: Path) -> list[Path]:
    what = "holds no weights" if path.is_dir() else "is neither a folder nor a weights file"
    raise UserError(f"{path} {what}; keep some by `python -m bench metatrain … --keep 12`")


def _series(files: Mapping[int, Path]) -> Series:
    first = files[min(files)]
    name = first.stem.rpartition("-at-")[0] or first.stem
    if len(files) < 2:
        raise UserError(f"{first} is the only one of its training; a series takes two or more")
    entries = {iteration: load_entry(files[iteration]) for iteration in sorted(files)}
    return Series(name, int(read_card(first).get("seed", 0)), entries)
