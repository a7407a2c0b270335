"""Cells of several budgets side by side in one folder, and which of them a table reads.

Problems nest: the first 64 of 512 are those that a run of 64 races, bit for bit, so cells that differ in `seeds` alone
are read together, as many problems as all of a task have. Of cells that differ otherwise a table reads one budget a
task: what `budget` says, else that of the most cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace

from bench.errors import UserError
from bench.records.files import note
from bench.records.record import RECHECK, Budget, Cell, Record, Runs
from bench.terminal import counted

COUNTS = tuple(field.name for field in fields(Budget))
_SET = tuple(name for name in COUNTS if name != "seeds")
"""What has to be equal for runs to compare; seeds nest."""


def parse(text: str | None) -> dict[str, int]:
    """`steps=200,trials=64` -> {"steps": 200, "trials": 64}; nothing for None. Raises UserError."""
    given: dict[str, int] = {}
    for part in text.split(",") if text is not None else ():
        name, _, count = (piece.strip() for piece in part.partition("="))
        if name not in COUNTS or name in given or not count.isdecimal() or not (int(count) or name in RECHECK):
            raise UserError(
                f"--budget {text!r}: cannot read {part!r}; write counts of {', '.join(COUNTS)}, such as steps=200"
            )
        given[name] = int(count)
    return given


def choose(
    records: Iterable[Record], asked: Mapping[str, int] | None = None, preferred: Mapping[str, Budget] | None = None
) -> list[Record]:
    """Of each task the records of one budget, cut to the problems that all of them have.

    `asked` are counts that the budget must have; `seeds` of it: at least that many, and only those are read. Of several
    that have them the one `preferred` for a task counts, else that of the most cells; a note says so.
    UserError where no record has what is asked for.
    """
    asked, by_task = dict(asked or {}), _grouped(records)
    kept: list[Record] = []
    left: list[str] = []
    for task, groups in by_task.items():
        fitting = {key: found for key, of in groups.items() if (found := [r for r in of if _has(r.cell, asked)])}
        if not fitting:
            left.append(task)
            continue
        first = _key(preferred[task]) if preferred and task in preferred else ()
        key = max(fitting, key=lambda k: (k == first, sum(r.status == "ok" for r in fitting[k]), k))
        if len(fitting) > 1:
            others = "; ".join(_words(other) for other in sorted(fitting) if other != key)
            note(f"{task}: cells of {_words(key)} are read, not those of {others}; choose with --budget")
        kept += _nested(task, fitting[key], asked.get("seeds"))
    if left and not kept:
        there = sorted({_words(key) for groups in by_task.values() for key in groups})
        seeds = max(r.cell.budget.seeds for groups in by_task.values() for of in groups.values() for r in of)
        wanted = ",".join(f"{name}={count}" for name, count in asked.items())
        raise UserError(
            f"no cells of budget {wanted}; there are, with up to {counted(seeds, 'problem')}: {'; '.join(there)}"
        )
    if left:
        note(f"no cells of the budget asked for: {', '.join(left)}")
    return kept


def covering(cells: Iterable[Cell], wanted: Cell) -> Cell | None:
    """The one of `cells` that is `wanted` with as many problems or more; None if there is none."""
    for cell in cells:
        enough = cell.task == wanted.task and cell.budget.seeds >= wanted.budget.seeds
        if enough and replace(cell, budget=replace(cell.budget, seeds=wanted.budget.seeds)) == wanted:
            return cell
    return None


def check_room(held: Iterable[Cell], planned: Iterable[Cell], folder: object) -> None:
    """Raises UserError where `clash` finds one: such cells could not be told apart by any `--budget`."""
    if words := clash(held, planned):
        raise UserError(
            f"{folder} holds {words}; they cannot be compared: give another --out, or remove that cell and others "
            "like it from cells/"
        )


def clash(held: Iterable[Cell], planned: Iterable[Cell]) -> str:
    """A held cell that has one name and budget with a planned one and is not of its kind, and in what; "": none.

    It is of another version, or of a file that was edited.
    """
    there: dict[tuple[str, Budget], Cell] = {}
    mine: dict[tuple[str, str, Budget], Cell] = {}
    for cell in held:
        key = _problemless(cell.budget)
        there.setdefault((cell.task, key), cell)
        mine[cell.task, cell.optimizer, key] = cell
    for cell in planned:
        key = _problemless(cell.budget)
        for other in (there.get((cell.task, key)), mine.get((cell.task, cell.optimizer, key))):
            if other is not None and (names := _differences(other, cell)):
                return f"{other.optimizer} on {other.task} ({other.id}) with another {', '.join(names)}"
    return ""


def first_problems(record: Record, seeds: int) -> Record:
    """`record` as a run of its first `seeds` problems would have left it, what reporting cost by their share."""
    cell, share = record.cell, seeds / record.cell.budget.seeds
    if share == 1:
        return record
    spent = {name: value * (share if name.endswith("_reporting") else 1) for name, value in record.ledger.items()}
    return record._replace(
        cell=replace(cell, budget=replace(cell.budget, seeds=seeds)),
        runs={name: Runs(runs.steps, *(array[:seeds] for array in runs[1:])) for name, runs in record.runs.items()},
        ledger=spent,
        measures={name: {what: values[:seeds] for what, values in of.items()} for name, of in record.measures.items()},
    )


def _grouped(records: Iterable[Record]) -> dict[str, dict[tuple[int, ...], list[Record]]]:
    groups: dict[str, dict[tuple[int, ...], list[Record]]] = {}
    for record in records:
        groups.setdefault(record.cell.task, {}).setdefault(_key(record.cell.budget), []).append(record)
    return groups


def _key(budget: Budget) -> tuple[int, ...]:
    return tuple(getattr(budget, name) for name in _SET)


def _has(cell: Cell, asked: Mapping[str, int]) -> bool:
    counts = vars(cell.budget)
    return all(counts[name] >= n if name == "seeds" else counts[name] == n for name, n in asked.items())


def _nested(task: str, records: list[Record], seeds: int | None) -> list[Record]:
    """The record of each cell that has the most problems, all cut to what they share, at most `seeds`."""
    most: dict[tuple[object, ...], Record] = {}
    for record in records:
        alike = _but_problems(record.cell)
        if alike not in most or _worth(record) > _worth(most[alike]):
            most[alike] = record
    found = list(most.values())
    sound = [r for r in found if r.status == "ok"] or found
    counts = {r.cell.optimizer: r.cell.budget.seeds for r in sound}
    fewest = min(counts, key=lambda name: counts[name])
    if seeds is None and counts[fewest] < max(counts.values()):
        note(f"{task}: the first {counts[fewest]} of {max(counts.values())} problems are read, as many as {fewest} has")
    return [first_problems(record, seeds or counts[fewest]) for record in found]


def _worth(record: Record) -> tuple[bool, int]:
    return record.status == "ok", record.cell.budget.seeds


def _but_problems(cell: Cell) -> tuple[object, ...]:
    """Equal for cells that differ in nothing but how many problems they report."""
    definitions = cell.task, cell.optimizer, cell.task_definition, cell.optimizer_definition
    return (*definitions, _key(cell.budget), *sorted(cell.versions.items()))


def _problemless(budget: Budget) -> Budget:
    return replace(budget, seeds=0)


def _words(key: tuple[int, ...]) -> str:
    """As `--budget` takes it; of no re-check one number says so."""
    counts = zip(_SET, key, strict=True)
    return ",".join(f"{name}={count}" for name, count in counts if count or name != "recheck_seeds")


def _differences(other: Cell, cell: Cell) -> list[str]:
    names = [] if other.task_definition == cell.task_definition else ["definition of the task"]
    if other.versions.get("engine") != cell.versions.get("engine"):
        names.append("engine")
    if other.optimizer == cell.optimizer:
        names += [] if other.optimizer_definition == cell.optimizer_definition else ["definition of the optimizer"]
        moved = (name for name, version in other.versions.items() if cell.versions.get(name) != version)
        names += [name for name in moved if name != "engine"]
    return names
