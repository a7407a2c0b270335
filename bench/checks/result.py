"""What a check leaves behind, and how a list of checks is gone through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from bench import stops
from bench.errors import UserError
from bench.lookup import plugins
from bench.terminal import shown
from optimizers import OptimizerError
from tasks import TaskError, mistakes

_LEAKED = re.compile("out of scope|another function|leaked")


class Result(NamedTuple):
    """One check of one subject; `text` says in one line what is wrong and what to change, or is empty.

    A check that only warns has passed, and leaves a text all the same.
    """

    subject: str
    kind: str
    """"task" | "optimizer"."""
    check: str
    passed: bool
    text: str


class Fault(UserError):
    """What a check found: one line that says what is wrong and what to change."""


class Check(NamedTuple):
    """`run(subject)` raises Fault. Later checks need a `required` one: when it fails, they are not made.

    What one that `warns` finds is said, and is no failure.
    """

    name: str
    run: Callable[[Any], None]
    required: bool = False
    warns: bool = False


def go_through(checks: Iterable[Check], name: str, kind: str, subject: Any) -> list[Result]:
    """Results of the checks, in order, up to the first required one that fails."""
    results = []
    for check in checks:
        text = _finding(check, subject)
        results.append(Result(name, kind, check.name, check.warns or not text, text))
        if text and check.required:
            break
    return results


def _finding(check: Check, subject: Any) -> str:
    try:
        check.run(subject)
    except (UserError, OptimizerError, TaskError) as fault:
        return f"{fault}{plugins.place(fault)}"
    except BaseException as problem:  # anybody's task or optimizer runs in here
        if stops.meant(problem):
            raise
        if remedy := mistakes.explain(problem):
            return f"{remedy}{plugins.place(problem)}"
        hint = "; keep no tensors outside the functions" if _LEAKED.search(str(problem)) else ""
        return f"raises {one_line(problem)}{hint}"
    return ""


def one_line(problem: BaseException, length: int = 240) -> str:
    """The kind and the first words of an exception, and where it came out of the user's code."""
    text = str(problem).strip()
    if text.startswith("in user code"):  # a traceback follows, and what went wrong comes last
        text = text.splitlines()[-1].strip().removeprefix(f"{type(problem).__name__}: ")
    words = shown(" ".join(text.split()))
    return f"{type(problem).__name__}: {words[:length]}{'…' * (len(words) > length)}{plugins.place(problem)}"


def text(results: Iterable[Result]) -> str:
    """One line per subject, below it a line per failed check and per warning, at the end a count."""
    lines, groups = [], _by_subject(results)
    for (kind, name), group in groups.items():
        failed = [result for result in group if not result.passed]
        state = "FAILED" if failed else "ok"
        lines.append(f"{state:7} {kind:10} {name}  ({len(group) - len(failed)} of {len(group)} checks)")
        lines += [f"        {_label(result)}: {result.text}" for result in group if result.text]
    broken = sum(any(not result.passed for result in group) for group in groups.values())
    total = f"{len(groups)} checked, " + (f"{broken} failed" if broken else "all passed")
    return "\n".join([*lines, total])


def _label(result: Result) -> str:
    return f"warning, {result.check}" if result.passed else result.check


def _by_subject(results: Iterable[Result]) -> dict[tuple[str, str], list[Result]]:
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.kind, result.subject), []).append(result)
    return groups
