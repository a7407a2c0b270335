"""Cells of a folder run again: whether the same numbers come out, and where they do not, what is known of why."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

import optimizers
import tasks
from bench.errors import UserError
from bench.records.outcome import differences
from bench.records.record import Cell, Record
from bench.records.store import Store
from bench.running.executor import Means
from bench.running.progress import Bar
from bench.running.run import finish
from bench.suites.jobs import Job, job

SAMPLE = 5
"""Cells that are run again unless told otherwise."""
_SOURCE = re.compile(r" source [0-9a-f]{16}")


class Verified(NamedTuple):
    """What came of a cell run again: in what it differs, and what may be why; no words: in nothing."""

    record: Record
    differs: list[str]
    because: list[str]

    def __str__(self) -> str:
        cell = self.record.cell
        name = f"{cell.optimizer} on {cell.task} ({cell.id})"
        if not self.differs:
            return f"{name}: the same" + (f", although {', '.join(self.because)}" if self.because else "")
        why = ", ".join(self.because) or "no known cause: the file itself may have been changed"
        return f"{name}: differs in {'; '.join(self.differs)}. Why: {why}"


class Verification(NamedTuple):
    """`damaged`: files of the folder that are not as they were written."""

    cells: list[Verified]
    damaged: list[Path]

    @property
    def holds(self) -> bool:
        return not self.damaged and not any(verified.differs for verified in self.cells)


def verify(
    folder: Path,
    sample: int | None = SAMPLE,
    *,
    seed: int = 0,
    means: Means = Means(),  # noqa: B008 (a tuple)
    weights: Iterable[Path] = (),
    ids: Container[str] | None = None,
) -> Verification:
    """Run `sample` finished cells of a run's folder again, drawn by `seed`; None: all of them.

    `weights` are the files of entries that were named by them; `ids` those of the cells to draw from. Raises UserError
    where there are no cells, and before work for a cell whose task or optimizer is not known here.
    """
    store = Store(folder)
    finished = [record for record in store.records() if record.status == "ok"]
    chosen = _drawn([r for r in finished if ids is None or r.cell.id in ids], sample, seed)
    if not chosen:
        raise UserError(f"no finished cells in {folder}; give the folder of a run")
    files = {Path(path).stem: str(path) for path in weights}
    jobs = {record.cell.id: _job(record.cell, files) for record in chosen}
    again: dict[Job, Record] = {}
    planned = list(dict.fromkeys(jobs.values()))
    with Bar("cells", len(planned), 0) as bar:
        finish(planned, again.__setitem__, means, bar)
    return Verification([_compared(record, again[jobs[record.cell.id]]) for record in chosen], store.damaged)


def _drawn(records: list[Record], sample: int | None, seed: int) -> list[Record]:
    """Some of `records`, in their order: the same ones for the same seed."""
    if sample is None or sample >= len(records):
        return records
    picked = np.random.default_rng(seed).choice(len(records), sample, replace=False)
    return [records[i] for i in sorted(picked)]


def _job(cell: Cell, files: Mapping[str, str]) -> Job:
    try:
        return job("cell", cell.task, files.get(cell.optimizer, cell.optimizer), cell.budget)
    except (tasks.TaskError, optimizers.OptimizerError) as problem:
        raise UserError(
            f"{cell.optimizer} on {cell.task} cannot be run again: {problem}; give the file that registers it with "
            "--import, weights with --weights"
        ) from None


def _compared(record: Record, again: Record) -> Verified:
    return Verified(record, differences(record, again), list(_changes(record, again)))


def _changes(record: Record, again: Record) -> Iterable[str]:
    """What a cell depends on and is not as it was: definitions, versions, the machine, this project's own code."""
    then, now = record.cell, again.cell
    for noun in ("task", "optimizer"):
        before, after = getattr(then, f"{noun}_definition"), getattr(now, f"{noun}_definition")
        if before != after:
            same = _SOURCE.sub("", before) == _SOURCE.sub("", after)
            yield f"the source of its {noun} has changed" if same else f"its {noun} is defined otherwise now"
    for name in sorted({*then.versions, *now.versions}):
        before, after = then.versions.get(name, "none"), now.versions.get(name, "none")
        if before != after:
            yield f"{name} was {before} and is {after}"
    instructions = [set(record.provenance.get("numerics", "").split()) for record in (record, again)]
    if all(instructions) and instructions[0] != instructions[1]:
        parts = [" ".join(sorted(a - b)) or "nothing else" for a, b in (instructions, instructions[::-1])]
        yield f"it was made on another kind of machine (there {parts[0]}, here {parts[1]})"
    commits = [record.provenance.get("commit") for record in (record, again)]
    if all(commits) and commits[0] != commits[1]:
        yield f"it was made by {commits[0]} of this project, which is {commits[1]} now"
