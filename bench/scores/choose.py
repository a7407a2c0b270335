"""Which tasks and optimizers of stored results a table shows, and what groups them: families and tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import tasks
from bench.errors import UserError
from bench.lookup.selectors import pattern
from bench.scores.results import Results
from bench.terminal import counted
from optimizers.syntax import nearest
from tasks import TaskError

GROUPS = ("task", "family", "tag")
UNKNOWN = "unknown"
"""The family of a task that is not registered here: its file was not given with --import."""
_SHOWN = 12
"""Names that a refusal lists."""


def narrow(
    results: Results,
    chosen_tasks: Iterable[str] = (),
    chosen_optimizers: Iterable[str] = (),
    families: Iterable[str] = (),
) -> Results:
    """`results` of some tasks and optimizers, by names, patterns, `tag:T`, `kind:K` and families, or all.

    Raises UserError for what means none of them.
    """
    named = _meant(results.tasks, chosen_tasks, "task", {task: _kinds(task) for task in results.tasks})
    within = _of_families(results.tasks, families)
    kept_tasks = [task for task in named if task in within]
    kinds = {name: [f"kind:{results.kind(name)}"] for name in results.optimizers}
    kept = _meant(results.optimizers, chosen_optimizers, "optimizer", kinds)
    records = {at: r for at, r in results.records.items() if at[0] in kept_tasks and at[1] in kept}
    if not records:
        whole = f"{counted(len(results.tasks), 'task')} and {counted(len(results.optimizers), 'optimizer')}"
        raise UserError(
            f"nothing is left of {whole}: what --tasks, --family and --optimizers mean has no cell "
            "in common; leave one of them out"
        )
    tasks = sorted({t for t, _ in records})
    faults = tuple(fault for fault in results.faults if fault.task in tasks)
    return Results(records, tasks, sorted({o for _, o in records}), faults)


def tags(task: str) -> tuple[str, ...]:
    """Tags of a task by name, its family first; (UNKNOWN,) for one that is not registered here."""
    try:
        return tuple(tasks.get(task).tags) or (UNKNOWN,)
    except TaskError:
        return (UNKNOWN,)


def groups(names: Iterable[str], by: str) -> dict[str, list[str]]:
    """{group: its tasks} by "task", "family" or "tag", in alphabetical order; a task may be in several tags."""
    if by not in GROUPS:
        raise UserError(f"cannot group by {by!r}; known: {', '.join(GROUPS)}")
    found: dict[str, list[str]] = {}
    for task in names:
        for group in [task] if by == "task" else tags(task)[:1] if by == "family" else tags(task)[1:]:
            found.setdefault(group, []).append(task)
    return dict(sorted(found.items()))


def _meant(names: list[str], selectors: Iterable[str], noun: str, kinds: Mapping[str, Iterable[str]]) -> list[str]:
    """Those of `names` that selectors mean; `kinds` are the `attribute:value` that each name has."""
    found: list[str] = []
    for selector in (given := list(selectors)):
        of_it = [n for n in names if n == selector or selector in kinds[n] or pattern(selector).fullmatch(n)]
        if not of_it:
            there = ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
            raise UserError(f"no {noun} here matches {selector!r}; here: {there}{nearest(selector, names)}")
        found += of_it
    return found if given else names


def _kinds(task: str) -> list[str]:
    cost = getattr(tasks.get(task), "cost", "light") if tags(task) != (UNKNOWN,) else UNKNOWN
    return [f"cost:{cost}", *(f"tag:{tag}" for tag in tags(task))]


def _of_families(names: list[str], families: Iterable[str]) -> list[str]:
    known, given = sorted({tags(name)[0] for name in names}), list(families)
    for family in given:
        if family not in known:
            hint = "; give the file of your own tasks with --import" if UNKNOWN in known else nearest(family, known)
            raise UserError(f"no task here is of family {family!r}; families here: {', '.join(known)}{hint}")
    return [name for name in names if tags(name)[0] in given] if given else names
