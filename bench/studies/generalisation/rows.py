"""Who is in the matrix: a row per training, its meta-seeds together, and the reference rows below. No TensorFlow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from bench.lookup import resolve
from bench.lookup.selectors import select_optimizers

BASELINES = ("momentum", "rmsprop", "adam")
"""Every column is measured against the best of these, tuned on it."""
_AGAIN = re.compile(r"(.+)-\d+")


class Row(NamedTuple):
    """One line: its label, the entries behind it, what they were trained on."""

    label: str
    members: tuple[str, ...]
    trained_on: tuple[str, ...] = ()
    kind: str = "learned"
    """"learned" | "hand-designed" | "oracle" | "reference"."""
    default: bool = False
    """Whether it is shown at its default θ instead of the one tuned."""

    def at_home(self, task: str) -> bool:
        """Whether changes of `task` are about it: it was trained on that, on several tasks, or on none."""
        return len(self.trained_on) != 1 or task in self.trained_on


REFERENCES = (
    *(Row(f"{name}, tuned", (name,), kind="reference") for name in BASELINES),
    *(Row(f"{name}, default", (name,), kind="reference", default=True) for name in ("momentum", "adam")),
)


def rows(selectors: Iterable[str]) -> list[Row]:
    """Rows of all entries meant, those of one training task together; raises UserError, OptimizerError.

    Meta-seeds, `name` and `name-2`, `name-3`, … of one architecture and training task, are one row.
    """
    groups: dict[str, list[str]] = {}
    spelled: dict[str, str] = {}
    for selector in select_optimizers(selectors):  # a weights file may be one that is registered
        spelled.setdefault(resolve.entry(selector).name, selector)
    known = {name: resolve.entry(selector) for name, selector in spelled.items()}
    for name, entry in known.items():
        groups.setdefault(_first_seed(entry, known), []).append(spelled[name])
    found = [
        Row(label, tuple(members), _trained_on(known[label]), known[label].kind) for label, members in groups.items()
    ]
    return sorted(found, key=lambda row: _order(row, found))


def specialities(found: Sequence[Row]) -> list[str]:
    """Tasks that some row was trained on alone, in order."""
    return list(dict.fromkeys(row.trained_on[0] for row in found if len(row.trained_on) == 1))


def _first_seed(entry: Any, known: dict[str, Any]) -> str:
    """The name of the row that `entry` belongs to."""
    match = _AGAIN.fullmatch(entry.name)
    first = known.get(match[1]) if match else None
    same = first is not None and first.kind == entry.kind and first.build == entry.build
    return match[1] if match and same and _trained_on(first) == _trained_on(entry) else entry.name


def _trained_on(entry: Any) -> tuple[str, ...]:
    return tuple(map(str, entry.discloses.get("trained_on", ())))


def _order(row: Row, found: list[Row]) -> tuple[int, int]:
    """Specialists by their task, then those of several tasks, then what was not trained."""
    if len(row.trained_on) == 1:
        return 0, specialities(found).index(row.trained_on[0])
    return (1, 0) if row.trained_on else (2, 0)
