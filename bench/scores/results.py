"""From folders of cells to one comparable set, and from that to scores. Refuses what does not compare."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.errors import UserError
from bench.lookup.folders import nearest_folder
from bench.records.record import Budget, Cell, Record, Runs
from bench.records.store import Store
from bench.scores import budgets, machines
from bench.scores.faults import Fault, without_faults
from bench.scores.measures import Scored


@dataclass(frozen=True)
class Results:
    """What folders hold: {(task, optimizer): record}, and every name in alphabetical order."""

    records: dict[tuple[str, str], Record]
    tasks: list[str]
    optimizers: list[str]
    faults: tuple[Fault, ...] = ()
    """Of the tasks themselves; their problems that cannot be raced are in no record."""

    def of_task(self, task: str) -> list[Record | None]:
        """Records of a task by optimizer; None where its cell is missing."""
        return [self.records.get((task, optimizer)) for optimizer in self.optimizers]

    def of_optimizer(self, optimizer: str) -> list[Record]:
        """Records of an optimizer, its missing cells left out."""
        return self._by_optimizer.get(optimizer, [])

    def applies(self, task: str, optimizer: str) -> bool:
        """False where an oracle has no cell: it is made for other tasks."""
        return (task, optimizer) in self.records or self.kind(optimizer) != "oracle"

    def problems(self, task: str) -> int:
        """Problems of a task that are scored."""
        there = (self.records.get((task, optimizer)) for optimizer in self.optimizers)
        first = None
        for record in (record for record in there if record is not None):
            first = first or record
            for runs in record.runs.values():
                return len(runs.best)
        if first is None:
            raise KeyError(task)
        return first.cell.budget.seeds

    def kind(self, optimizer: str) -> str:
        return self.of_optimizer(optimizer)[0].kind

    @functools.cached_property
    def _by_optimizer(self) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for (_, name), record in self.records.items():
            found.setdefault(name, []).append(record)
        return found


def load(
    out: Path | str | Results | Iterable[Path | str],
    budget: Mapping[str, int] | None = None,
    preferred: Mapping[str, Budget] | None = None,
    mix: bool = False,
) -> Results:
    """Merge the cells of one folder or several; a cell in two folders counts once, finished before failed.

    Of several budgets of a task one is read, as `bench.scores.budgets.choose` says. Raises UserError if a folder holds
    no cells, if two cells of a task were not run under the same conditions, and if cells come from several kinds of
    machine, unless `mix`.
    """
    if isinstance(out, Results):
        return out
    folders = [out] if isinstance(out, (str, Path)) else list(out)
    cells: dict[str, Record] = {}
    for folder in folders:
        for record in _held(Path(folder)):
            if cells.get(record.cell.id, record).status != "ok" or record.cell.id not in cells:
                cells[record.cell.id] = record
    return of_records(cells.values(), budget, preferred, mix)


def of_records(
    records: Iterable[Record],
    budget: Mapping[str, int] | None = None,
    preferred: Mapping[str, Budget] | None = None,
    mix: bool = False,
) -> Results:
    """The same of records at hand, each cell once. Raises UserError where they do not compare."""
    of_one_budget = budgets.choose(records, budget, preferred)
    ordered = sorted(of_one_budget, key=lambda r: (r.cell.task, r.cell.optimizer, r.cell.id))
    _check_comparable([record.cell for record in ordered])
    if not mix:
        machines.check(ordered)
    tasks: list[str] = []
    kept: list[Record] = []
    faults: list[Fault] = []
    for task, records_of_task in itertools.groupby(ordered, key=lambda r: r.cell.task):
        tasks.append(task)
        of_task, found = without_faults(list(records_of_task))
        kept += of_task
        faults += found
    found_at = {(record.cell.task, record.cell.optimizer): record for record in kept}
    return Results(found_at, tasks, sorted({o for _, o in found_at}), tuple(faults))


def chosen(record: Record, metric: Scored | None) -> str:
    """What the runs shown under `metric` were tuned for: that metric, else the mean loss, else nothing."""
    wanted = (metric.name if metric else "mean_loss", "mean_loss", "default")
    return next((name for name in wanted if name in record.runs), next(iter(record.runs), ""))


def finished(record: Record | None) -> bool:
    return record is not None and record.status == "ok" and bool(record.runs)


def runs_of(record: Record, metric: Scored | None) -> Runs:
    return record.runs[chosen(record, metric)]


def scores(results: Results, metric: Scored) -> dict[str, np.ndarray]:
    """{task: (optimizers, seeds)} scores; a failed or missing cell scores the worst there is on every seed.

    So do all on a task whose scores would mean nothing.
    """
    return {task: task_scores(results, task, metric) for task in results.tasks}


def task_scores(results: Results, task: str, metric: Scored) -> np.ndarray:
    """Scores (optimizers, seeds) of one task, as in `scores`; NaN where a cell has no number by a measure."""
    records = results.of_task(task)
    rows = [np.full(results.problems(task), metric.worst) for _ in records]
    void = any(fault.void for fault in results.faults if fault.task == task)
    for i, record in enumerate(records):
        if record is not None and finished(record) and not void:
            found = metric.values(record, chosen(record, metric))
            rows[i] = np.full(len(rows[i]), np.nan) if found is None else np.asarray(found)
    return np.stack(rows)


def _held(folder: Path) -> list[Record]:
    records = Store(folder).records()
    if not records:
        remedy = nearest_folder(folder) or f"; make some: python -m bench run quick --out {folder}"
        raise UserError(f"no results in {folder}{remedy}")
    return records


def _check_comparable(cells: list[Cell]) -> None:
    """Cells of one task must share budget, definition and engine; an optimizer may have one cell only."""
    first: dict[str, Cell] = {}
    seen: dict[tuple[str, str], Cell] = {}
    for cell in cells:
        other = first.setdefault(cell.task, cell)
        if _conditions(other) != _conditions(cell):
            raise UserError(_clash(other, cell, _conditions(other), _conditions(cell)))
        twin = seen.setdefault((cell.task, cell.optimizer), cell)
        if twin is not cell:
            raise UserError(_clash(twin, cell, _flat(twin), _flat(cell)))


def _conditions(cell: Cell) -> dict[str, object]:
    engine = cell.versions.get("engine")
    return {**vars(cell.budget), "task_definition": cell.task_definition, "engine": engine}


def _flat(cell: Cell) -> dict[str, object]:
    return {**_conditions(cell), "optimizer_definition": cell.optimizer_definition, **cell.versions}


def _clash(a: Cell, b: Cell, of_a: dict[str, object], of_b: dict[str, object]) -> str:
    names = [name for name in {**of_a, **of_b} if of_a.get(name) != of_b.get(name)]
    sides = [
        f"{cell.optimizer} ({cell.id}: {', '.join(f'{n} {values.get(n)}' for n in names)})"
        for cell, values in ((a, of_a), (b, of_b))
    ]
    return (
        f"cells of task {a.task!r} do not compare: {' and '.join(sides)}; "
        "give folders of one budget and one version, or remove one of the two from cells/"
    )
