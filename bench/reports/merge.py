"""Run folders made into one: their cells, what probes found in them, and what they were made by.

Everything is read and checked before anything is written.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.errors import UserError
from bench.lookup.folders import nearest_folder
from bench.records.files import check_folder, write_bytes
from bench.records.outcome import differences, digest
from bench.records.record import Record
from bench.records.store import Store
from bench.reports import origin
from bench.reports.readings import readings_in
from bench.scores import budgets, machines


class Merged(NamedTuple):
    """How many cells and readings a folder holds now."""

    cells: int
    readings: int


class _Kept(NamedTuple):
    """A cell where it is: its record without its runs, and the digest of all that it determines."""

    folder: Path
    record: Record
    digest: str


def merge(folders: Sequence[Path], out: Path, mix: bool = False) -> Merged:
    """Put the cells and readings of `folders` into `out`; what `out` holds already is among them.

    Damaged files are left out with a note each. Of a cell in two folders the finished one counts, then the first.
    Raises UserError, and writes nothing, where two folders differ on the same cell or hold what would not compare;
    where cells come from several kinds of machine, unless `mix`; and where there is nothing in a folder.
    """
    everywhere = _distinct([out, *folders] if _holds_any(out) else folders)
    cells = _cells(everywhere)
    if not mix:
        machines.check(kept.record for kept in cells.values())
    readings = _readings(everywhere)
    made_by = origin.of_all(everywhere)
    check_folder(out)
    _write_cells(cells, out)
    for path in readings.values():
        _copy_reading(path, out)
    words = ["python", "-m", "bench", "merge", *map(str, folders), "--out", str(out), *["--mix"] * mix]
    origin.put(out, made_by._replace(commands=[*made_by.commands, shlex.join(words)]))
    return Merged(len(cells), len(readings))


def _distinct(folders: Iterable[Path]) -> list[Path]:
    """Each folder once, by whatever name; raises UserError for one that holds nothing."""
    found = {Path(folder).resolve(): Path(folder) for folder in reversed(list(folders))}
    for folder in found.values():
        if not _holds_any(folder):
            remedy = nearest_folder(folder) or "; give the folders of runs"
            raise UserError(f"no results in {folder}{remedy}")
    return list(reversed(found.values()))


def _holds_any(folder: Path) -> bool:
    """Whether a folder holds cells or readings, sound or not; raises UserError for a folder that is no run's."""
    root = Store(folder).root
    return any(next(root.glob(pattern), None) for pattern in ("cells/[!.]*.parquet", "readings/[!.]*.json"))


def _cells(folders: Sequence[Path]) -> dict[str, _Kept]:
    """{id: where the cell is that counts}; raises UserError for two that cannot be in one folder."""
    found: dict[str, _Kept] = {}
    _check_conditions(folders)
    for folder in folders:
        for record in Store(folder).records():
            mine = _Kept(folder, record._replace(runs={}, trials={}, measures={}, recheck={}), digest(record))
            other = found.setdefault(record.cell.id, mine)
            if other.record.status != "ok":
                found[record.cell.id] = mine if record.status == "ok" else other
            elif record.status == "ok" and other.digest != mine.digest:
                raise UserError(_clash(other, mine))
    return found


def _check_conditions(folders: Sequence[Path]) -> None:
    """Raises UserError for cells of one name and budget that differ in definition or version."""
    cells = {folder: Store(folder).cells() for folder in folders}
    for i, folder in enumerate(folders):
        for other in folders[:i]:
            if words := budgets.clash(cells[other], cells[folder]):
                raise UserError(f"{other} holds {words} than {folder}; they cannot be compared: leave one folder out")


def _clash(one: _Kept, other: _Kept) -> str:
    cell = one.record.cell
    paths = [Store(kept.folder).path(cell.id) for kept in (one, other)]
    first, second = (Store(kept.folder).read(cell.id) for kept in (one, other))
    how = "; ".join(differences(first, second)[:2]) if first and second else "one was removed since"
    of = machines.mixed([one.record, other.record])
    why = f", and they are {of}" if of else ""
    return (
        f"{cell.optimizer} on {cell.task} is in {paths[0]} and {paths[1]} with different numbers ({how}){why}; "
        "find the right one with python -m bench verify FOLDER, and remove the other"
    )


def _write_cells(cells: dict[str, _Kept], out: Path) -> None:
    store = Store(out)
    for cell_id, kept in cells.items():
        if kept.folder == out:
            continue
        record = Store(kept.folder).read(cell_id)
        if record is None:
            raise UserError(f"{Store(kept.folder).path(cell_id)} has changed since; merge again")
        store.write(record)


def _readings(folders: Sequence[Path]) -> dict[str, Path]:
    """{name: file} of what the probes found; raises UserError where two folders differ."""
    found: dict[str, tuple[Path, dict[str, Any]]] = {}
    for folder in folders:
        for path, held in readings_in(folder).items():
            other, theirs = found.setdefault(path.name, (path, held))
            if theirs != held:
                raise UserError(
                    f"{other} and {path} differ; remove one of the two, and run its suite again if it is the newer one"
                )
    return {name: path for name, (path, _) in found.items()}


def _copy_reading(path: Path, out: Path) -> None:
    """The file and its picture, byte by byte."""
    for source in (path, path.with_suffix(".png")):
        target = out / "readings" / source.name
        if source.is_file() and source.resolve() != target.resolve():
            write_bytes(target, source.read_bytes())
