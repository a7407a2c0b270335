"""Finished cells on disk: one Parquet file each, that is either right or treated as absent.

A file's rows are runs; everything else of a record (the card) is JSON in the schema's metadata, next to a SHA-256 over
card and columns. Knows nothing of tasks, optimizers or scores.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.errors import UserError
from bench.records.files import check_folder, dumps, loads, note, write_bytes
from bench.records.record import RECHECK, Budget, Cell, Record, Runs

FORMAT = 2
"""Raised when the card changes in more than a field that has a default, together with an entry of MIGRATIONS."""
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: lambda card: _without_recheck(card)}
"""{older format: the card as the next format has it}; files of a format that is neither FORMAT nor here are absent."""
_CARD, _DIGEST = b"optoscope", b"optoscope-sha256"
_NUMBERS = {"mean_loss": "float32", "mean_log": "float32", "best": "float32", "diverged": "int32", "losses": "float32"}
_OURS = ("cells", "readings", "suite.json")
"""What a run's folder has at least one of; a committed reference may have no cells."""


class Store:
    """The cells under `root`. Raises UserError if `root` is a file or somebody else's folder."""

    def __init__(self, root: Path | str):
        self.root = Path(root)
        self.damaged: list[Path] = []
        """Files met so far that are not what was written; they count as absent."""
        _check_folder(self.root)

    def path(self, cell_id: str) -> Path:
        return self.root / "cells" / f"{cell_id}.parquet"

    def prepare(self) -> None:
        """Try to write there, before hours are spent; makes nothing. Raises UserError."""
        check_folder(self.root / "cells")

    def write(self, record: Record) -> Path:
        """Keep `record`, replacing an earlier one of its cell. Equal records give equal bytes."""
        path = self.path(record.cell.id)
        write_bytes(path, _encode(record))
        return path

    def read(self, cell_id: str) -> Record | None:
        """The record of a cell; None if there is none or its file is damaged."""
        path = self.path(cell_id)
        try:
            record = _decode(path.read_bytes())
            if record.cell.id != cell_id:
                raise ValueError(f"it holds cell {record.cell.id}")
            return record
        except FileNotFoundError:
            return None
        except Exception as error:  # whatever a damaged file makes Arrow or JSON raise
            self._note_damage(path, error)
            return None

    def records(self) -> list[Record]:
        """All records, sorted by task, optimizer and id."""
        ids = [path.stem for path in (self.root / "cells").glob("[!.]*.parquet")]
        found = [record for record in map(self.read, ids) if record is not None]
        return sorted(found, key=lambda r: (r.cell.task, r.cell.optimizer, r.cell.id))

    def ledgers(self, *, whole: bool = False) -> list[tuple[Cell, dict[str, float]]]:
        """Cells and ledgers of all that is finished: quickly, from the cards alone, or of `whole` files only.

        Nothing vouches for a card by itself, so whoever takes its word reads the record, or asks for `whole` files.
        """
        if whole:
            found = (self.read(path.stem) for path in sorted((self.root / "cells").glob("[!.]*.parquet")))
            return [(each.cell, each.ledger) for each in found if each is not None and each.status == "ok"]
        return [(_cell(card), card["ledger"]) for card in self._cards() if card["status"] == "ok"]

    def cells(self) -> list[Cell]:
        """All cells, failed ones too, from the cards alone."""
        return [_cell(card) for card in self._cards()]

    def _cards(self) -> Iterator[dict[str, Any]]:
        for path in sorted((self.root / "cells").glob("[!.]*.parquet")):
            with contextlib.suppress(Exception):  # a damaged file is the business of `read`
                yield _current(loads((pq.read_schema(path).metadata or {})[_CARD].decode()))

    def _note_damage(self, path: Path, error: Exception) -> None:
        if path not in self.damaged:
            self.damaged.append(path)
            reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
            note(f"{path} is not a cell file as written ({reason}); it counts as absent")


def tuned(root: Path, task: str, optimizer: str, metric: str) -> dict[str, Any] | None:
    """θ that a run under `root` tuned an optimizer to for a task and a metric; None where there is none."""
    if not (root / "cells").is_dir():
        return None
    found = (r for r in Store(root).records() if (r.cell.task, r.cell.optimizer) == (task, optimizer))
    return next((record.thetas.get(metric) for record in found), None)


def _check_folder(root: Path) -> None:
    try:
        if root.exists() and not root.is_dir():
            raise UserError(f"{root} is a file; give a folder")
        if root.is_dir() and not any((root / name).exists() for name in _OURS) and _visible(root):
            raise UserError(
                f"{root} is not a run folder (no cells/). Give one such as results/runs/quick, or a new folder"
            )
    except OSError as error:
        raise UserError(f"cannot look into {root}: {error.strerror}; choose another folder") from None


def _visible(root: Path) -> bool:
    return any(not path.name.startswith(".") for path in root.iterdir())


def _encode(record: Record) -> bytes:
    columns = _columns(record.runs)
    card = dumps(_card(record)).encode()
    metadata = {_CARD: card, _DIGEST: _digest(card, columns)}
    table = pa.table(_arrow(record.runs, columns)).replace_schema_metadata(metadata)
    buffer = BytesIO()
    pq.write_table(
        table,
        buffer,
        compression="zstd",
        use_dictionary=["tuned_for"],
        write_statistics=False,
        write_page_checksum=True,
    )
    return buffer.getvalue()


def _decode(content: bytes) -> Record:
    """Raises whatever a damaged file causes, ValueError if only the digest tells."""
    table = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True).read(use_threads=False)
    metadata = table.schema.metadata or {}
    if _CARD not in metadata:
        raise ValueError("no card")
    columns = {name: _flat(table.column(name)) for name in ("seed", *_NUMBERS)}
    if metadata.get(_DIGEST) != _digest(metadata[_CARD], columns):
        raise ValueError("checksum differs")
    return _record(_current(loads(metadata[_CARD].decode())), columns)


def _card(record: Record) -> dict[str, Any]:
    runs = [
        {"tuned_for": name, "seeds": len(part.diverged), "steps": np.asarray(part.steps).tolist()}
        for name, part in record.runs.items()
    ]
    card = {**record._asdict(), "cell": asdict(record.cell), "runs": runs, "format": FORMAT}
    return {key: value for key, value in card.items() if value or key not in ("measures", "recheck")}


def _current(card: dict[str, Any]) -> dict[str, Any]:
    """The card as FORMAT has it, without its format; raises ValueError for one that nothing here can read."""
    form = card.pop("format", None)
    while form != FORMAT:
        if form not in MIGRATIONS:
            raise ValueError(f"not of format {FORMAT}; another version of Optoscope wrote it")
        card, form = MIGRATIONS[form](card), form + 1
    return card


def _without_recheck(card: dict[str, Any]) -> dict[str, Any]:
    """Cells of format 1 chose the best trial at once."""
    return {**card, "cell": {**card["cell"], "budget": {**card["cell"]["budget"], **dict.fromkeys(RECHECK, 0)}}}


def _record(card: dict[str, Any], columns: dict[str, np.ndarray]) -> Record:
    return Record(**{**card, "cell": _cell(card), "runs": dict(_parts(card["runs"], columns))})


def _cell(card: dict[str, Any]) -> Cell:
    return Cell(**{**card["cell"], "budget": Budget(**card["cell"]["budget"])})


def _columns(runs: dict[str, Runs]) -> dict[str, np.ndarray]:
    """All runs below each other, losses end to end; the dtypes are those given, float32 if there are none."""
    parts = {name: [np.empty(0, kind)] for name, kind in _NUMBERS.items() if not runs}
    for name in _NUMBERS if runs else ():
        parts[name] = [np.asarray(getattr(part, name)).reshape(-1) for part in runs.values()]
    seeds = [np.arange(len(part.diverged), dtype="int32") for part in runs.values()]
    columns = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    columns["diverged"] = columns["diverged"].astype("int32")
    return {"seed": np.concatenate([np.empty(0, "int32"), *seeds]), **columns}


def _parts(parts: list[dict[str, Any]], columns: dict[str, np.ndarray]) -> Iterator[tuple[str, Runs]]:
    """(tuned for, runs) of each part of the card; the inverse of `_columns`."""
    row = point = 0
    for part in parts:
        seeds, steps = part["seeds"], np.asarray(part["steps"], "int64")
        losses = columns["losses"][point : point + seeds * len(steps)].reshape(seeds, len(steps))
        rest = {name: columns[name][row : row + seeds] for name in _NUMBERS if name != "losses"}
        yield part["tuned_for"], Runs(steps=steps, losses=losses, **rest)
        row, point = row + seeds, point + losses.size


def _arrow(runs: dict[str, Runs], columns: dict[str, np.ndarray]) -> dict[str, pa.Array]:
    """`columns` as they stand in the file: one row per run, its losses a list, first what it was tuned for."""
    points = [np.full(len(part.diverged), part.losses.shape[-1]) for part in runs.values()]
    offsets = np.cumsum(np.concatenate([[0], *points])).astype("int32")
    names = np.repeat(np.array(list(runs), object), [len(part) for part in points])
    arrays: dict[str, pa.Array] = {name: pa.array(values) for name, values in columns.items()}
    arrays["losses"] = pa.ListArray.from_arrays(offsets, arrays["losses"])
    return {"tuned_for": pa.array(names, pa.string()).dictionary_encode(), **arrays}


def _flat(column: pa.ChunkedArray) -> np.ndarray:
    whole = column.combine_chunks()
    return (whole.flatten() if pa.types.is_list(whole.type) else whole).to_numpy(zero_copy_only=False)


def _digest(card: bytes, columns: dict[str, np.ndarray]) -> bytes:
    digest = hashlib.sha256(card)
    for name in ("seed", *_NUMBERS):
        values = columns[name]
        digest.update(f"{name} {values.dtype.str} {len(values)} ".encode() + values.tobytes())
    return digest.hexdigest().encode()
