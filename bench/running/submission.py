"""Whether a stranger's cells can stand beside a reference's, whose own cells are not run again.

Findings are data; what they look like is said in `bench.reports.submission`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import optimizers
import tasks
from bench.errors import UserError
from bench.lookup import plugins
from bench.records.record import Budget, Record
from bench.records.store import Store
from bench.running.executor import Means
from bench.running.verify import SAMPLE, verify
from bench.scores import machines
from bench.suites.jobs import job
from bench.terminal import counted


class Finding(NamedTuple):
    """One check: what was looked at, or of one that failed what is wrong and the remedy."""

    check: str
    passed: bool
    text: str


class Side(NamedTuple):
    """A folder's records: `cells`, by (task, optimizer), are those that count; `damaged` files are not read."""

    folder: Path
    cells: dict[tuple[str, str], Record]
    damaged: list[Path]


class Submission(NamedTuple):
    """Rows (optimizers that the reference has not), their cells and the reference's, and what each check found."""

    rows: list[str]
    cells: dict[tuple[str, str], Record]
    reference: dict[tuple[str, str], Record]
    findings: list[Finding]

    @property
    def passes(self) -> bool:
        return all(finding.passed for finding in self.findings)


def examine(
    folder: Path,
    reference: Path,
    *,
    suite: str = "quick",
    sample: int | None = SAMPLE,
    mix: bool = False,
    means: Means = Means(),  # noqa: B008 (a tuple)
    weights: Iterable[Path] = (),
) -> Submission:
    """Check the rows of `folder` against the cells of `reference`; where all holds, run a `sample` of them again.

    `suite` is what the reference was made by, for remedies. `weights`: files of entries that were named by them.
    `mix` allows for other kinds of machine. Raises UserError where a folder has no cells or no row of its own.
    """
    files = {Path(path).stem: str(path) for path in weights}
    theirs = _side(reference, {})
    mine = _side(folder, theirs.cells)
    rows = sorted({name for _, name in mine.cells} - {name for _, name in theirs.cells})
    if not rows:
        raise UserError(
            f"{folder} has no optimizer that {reference} has not; register yours under a name of its own and run: "
            f"python -m bench run {suite} --optimizers NAME --import FILE --out {folder}"
        )
    again = f"run again: python -m bench run {suite} --optimizers {','.join(rows)} --out NEW-FOLDER"
    own = {at: record for at, record in mine.cells.items() if at[1] in rows and at[0] in _tasks(theirs)}
    findings = list(_findings(mine, theirs, own, rows, again, files, mix))
    if all(finding.passed for finding in findings):
        found = verify(folder, sample, means=means, weights=weights, ids={r.cell.id for r in own.values()})
        unlike = [verified for verified in found.cells if verified.differs]
        said = f"{len(found.cells)} of {len(own)} cells come out the same"
        findings.append(Finding("run again", not unlike, str(unlike[0]) if unlike else said))
    return Submission(rows, own, theirs.cells, findings)


def _side(folder: Path, beside: Mapping[tuple[str, str], Record]) -> Side:
    """What a folder holds, of several cells of an optimizer on a task the one nearest to those `beside` it."""
    store = Store(folder)
    cells: dict[tuple[str, str], Record] = {}
    like = {task: record for (task, _), record in beside.items()}
    for record in store.records():
        at = record.cell.task, record.cell.optimizer
        if at not in cells or _nearness(record, like) > _nearness(cells[at], like):
            cells[at] = record
    if not cells and not store.damaged:
        raise UserError(f"no cells in {folder}; give the folder of a run")
    return Side(folder, cells, store.damaged)


def _nearness(record: Record, like: Mapping[str, Record]) -> tuple[bool, ...]:
    other = like.get(record.cell.task)
    if other is None:
        return (record.status == "ok",)
    return (*(not unlike(record, other) for unlike in (_engine, _definition, _budget)), record.status == "ok")


def _tasks(side: Side) -> list[str]:
    return sorted({task for task, _ in side.cells})


def _findings(
    mine: Side,
    theirs: Side,
    own: Mapping[tuple[str, str], Record],
    rows: list[str],
    again: str,
    files: Mapping[str, str],
    mix: bool,
) -> Iterator[Finding]:
    """Everything that can be said before a cell is run."""
    gone = f"{mine.damaged[0]} is not as it was written" if mine.damaged else ""
    yield _finding("files", f"{counted(len(mine.cells), 'cell')}, as they were written", gone, again)
    there = {name: [task for task, other in own if other == name] for name in rows}
    lacking = [
        f"{name} has not run {task}"
        for name in rows
        for task in _tasks(theirs)
        if task not in there[name] and not _oracle(own, name)
    ]
    like = {task: record for (task, _), record in theirs.cells.items()}
    yield _finding("tasks", ", ".join(_tasks(theirs)), (lacking or [""])[0], again)
    for check, passing, unlike in (
        ("engine", "as the reference's", _engine),
        ("definitions", "the tasks are the reference's, and so are their floors", _definition),
        ("budget", "as the reference's", _budget),
    ):
        yield _finding(check, passing, _first(own, like, unlike), again)
    yield _finding(
        "finished", counted(len(own), "cell"), _first(own, like, _failed), "repair the optimizer and " + again
    )
    yield _finding("code", "definitions and digests are those of the code here", _code(own, files), "")
    mixed = "" if mix else machines.mixed([*own.values(), *theirs.cells.values()])
    yield _finding("machine", "allowed by --mix" if mix else "of one kind", mixed, "add --mix to allow for it")


def _finding(check: str, passing: str, wrong: str, remedy: str) -> Finding:
    return Finding(check, not wrong, "; ".join(part for part in (wrong, remedy) if part) if wrong else passing)


def _first(
    own: Mapping[tuple[str, str], Record], like: Mapping[str, Record], unlike: Callable[[Record, Record], str]
) -> str:
    """What is unlike the reference in the first cell where anything is; "" where nothing is."""
    found = (
        (record, unlike(record, like[record.cell.task])) for _, record in sorted(own.items(), key=lambda item: item[0])
    )
    return next((f"{r.cell.optimizer} on {r.cell.task}: {words}" for r, words in found if words), "")


def _oracle(own: Mapping[tuple[str, str], Record], name: str) -> bool:
    """An oracle is made for some tasks only."""
    return any(record.kind == "oracle" for (_, other), record in own.items() if other == name)


def _engine(record: Record, other: Record) -> str:
    mine, theirs = (each.cell.versions.get("engine", "none") for each in (record, other))
    return "" if mine == theirs else f"made by engine {mine}, the reference by {theirs}"


def _definition(record: Record, other: Record) -> str:
    if record.cell.task_definition != other.cell.task_definition:
        return f"its task is {record.cell.task_definition}, the reference's {other.cell.task_definition}"
    return "" if record.floor == other.floor else f"its floor is {record.floor:g}, the reference's {other.floor:g}"


def _budget(record: Record, other: Record) -> str:
    """Problems nest, so more of them are no fault."""
    mine, theirs = asdict(record.cell.budget), asdict(other.cell.budget)
    names = [name for name in mine if (mine[name] < theirs[name] if name == "seeds" else mine[name] != theirs[name])]
    if not names:
        return ""
    return f"{_counts(record.cell.budget, names)}, the reference {_counts(other.cell.budget, names)}"


def _counts(budget: Budget, names: Iterable[str]) -> str:
    return ",".join(f"{name}={getattr(budget, name)}" for name in names)


def _failed(record: Record, _: Record) -> str:
    return "" if record.status == "ok" else f"it failed ({record.error})"


def _code(own: Mapping[tuple[str, str], Record], files: Mapping[str, str]) -> str:
    """What is wrong with the identity of an optimizer: unknown here, another one here, or of code that has no file."""
    for (task, name), record in sorted(own.items(), key=lambda item: item[0]):
        cell = record.cell
        try:
            here = job("cell", task, files.get(name, name), cell.budget).cell.optimizer_definition
        except (tasks.TaskError, optimizers.OptimizerError, UserError) as problem:
            short = str(problem).partition(";")[0]
            return f"{short}; give the file that registers it with --import, weights with --weights"
        if here != cell.optimizer_definition:
            return (
                f"{name} on {task} was {cell.optimizer_definition}, and is {here} here; give the file it was run "
                "from, or run it again into a new folder"
            )
        if plugins.foreign(name) and name not in files and " source " not in cell.optimizer_definition:
            return f"{name} carries no digest of its source; define it in a file, give that with --import, run it again"
    return ""
