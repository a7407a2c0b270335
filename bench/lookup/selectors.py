"""Which tasks and optimizers are meant by a list of names, patterns, tags and kinds.

A selector is a name (`adam`, `quadratic[dimension=20]`), a pattern (`gru-*`, `*`), or `attribute:value`: `tag:convex`
and `cost:heavy` of a task, `kind:learned` of an optimizer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import optimizers
import tasks
from bench.errors import UserError
from bench.lookup import resolve
from optimizers import Entry
from tasks import Task

_ATTRIBUTE = re.compile(r"(tag|cost|kind):(.+)")


def select_tasks(selectors: Iterable[Any]) -> tuple[Any, ...]:
    """Registered tasks that `selectors` mean, in their order, once each; objects stay. Raises UserError, TaskError."""
    return _select(selectors, tasks.names(), task_matches, resolve.named_task, "task")


def select_optimizers(selectors: Iterable[Any]) -> tuple[Any, ...]:
    """Registered optimizers that `selectors` mean; raises UserError, OptimizerError."""
    return _select(selectors, optimizers.names(), optimizer_matches, resolve.entry, "optimizer")


def task_matches(selector: str, task: Any) -> bool:
    """Whether `selector` means `task`, a name or an object."""
    subject = resolve.named_task(task)
    if match := _ATTRIBUTE.fullmatch(selector):
        attribute, value = match.groups()
        if attribute == "tag":
            return value in subject.task.tags
        return attribute == "cost" and getattr(subject.task, "cost", "light") == value
    return pattern(selector).fullmatch(subject.name) is not None


def optimizer_matches(selector: str, optimizer: Any) -> bool:
    """Whether `selector` means `optimizer`, a name or an object."""
    entry = resolve.entry(optimizer)
    if match := _ATTRIBUTE.fullmatch(selector):
        attribute, value = match.groups()
        if attribute == "tag":
            return value in getattr(entry, "tags", ())
        return attribute == "kind" and entry.kind == value
    return pattern(selector).fullmatch(entry.name) is not None


def applies(entry: Entry, task: Task) -> bool:
    """Whether `entry` is made for `task`: an oracle needs tags that only some tasks have, and exact gradients."""
    exact = "stochastic" not in task.tags and task.delay == 0
    return set(entry.needs) <= set(task.tags) and (exact or not entry.informed)


def is_selector(name: str) -> bool:
    """Whether `name` may stand for several: it has a `*` outside brackets, or an attribute."""
    return "*" in name.partition("[")[0] or _ATTRIBUTE.fullmatch(name) is not None


def _select(
    selectors: Iterable[Any],
    known: list[str],
    matches: Callable[[str, Any], bool],
    resolved: Callable[[Any], Any],
    noun: str,
) -> tuple[Any, ...]:
    chosen: list[Any] = []
    for selector in selectors:
        if isinstance(selector, str) and is_selector(selector):
            found: list[Any] = [name for name in known if matches(selector, name)]
            if not found:
                raise UserError(f"no {noun} matches {selector!r}; see python -m bench list {noun}s")
        else:
            resolved(selector)
            found = [selector]
        chosen += [name for name in found if name not in chosen]
    return tuple(chosen)


def pattern(selector: str) -> re.Pattern[str]:
    """What names must match as a whole: `*` stands for anything."""
    return re.compile(re.escape(selector).replace(r"\*", ".*"))
