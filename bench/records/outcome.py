"""What a cell determines of its record: all but what it took, where and when. Two runs of one cell agree in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from bench.records.files import dumps
from bench.records.record import Record, Runs

PLAIN = {"status": "status", "kind": "kind", "floor": "floor", "trials": "table of trials", "recheck": "re-check"}
"""{field that is compared as a whole: what it is called}."""
_KINDS = {"steps": "int64", "diverged": "int32"}


def digest(record: Record) -> str:
    """Sixteen hexadecimal digits of everything that the cell determines."""
    parts: list[Any] = [getattr(record, name) for name in (*PLAIN, "thetas", "measures")]
    runs = [(name, *_arrays(part)) for name, part in sorted(record.runs.items())]
    return hashlib.sha256(dumps([parts, runs]).encode()).hexdigest()[:16]


def differences(one: Record, other: Record) -> list[str]:
    """In what two records of one cell differ that should not, in words; nothing where they agree."""
    found = [words for name, words in PLAIN.items() if dumps(getattr(one, name)) != dumps(getattr(other, name))]
    if "status" in found:
        return [f"{record.status}{record.error and ': '}{record.error}" for record in (one, other)]
    for field, words in (("thetas", "θ"), ("measures", "measures")):
        mine, theirs = getattr(one, field), getattr(other, field)
        found += [f"{words} tuned for {name}" for name in _uneven(mine, theirs)]
    return [*found, *_of_runs(one.runs, other.runs)]


def _uneven(mine: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Keys whose values differ, or that only one of two has."""
    return [name for name in {**mine, **theirs} if dumps(mine.get(name)) != dumps(theirs.get(name))]


def _of_runs(mine: dict[str, Runs], theirs: dict[str, Runs]) -> Iterator[str]:
    for name in {**mine, **theirs}:
        if name not in mine or name not in theirs:
            yield f"runs tuned for {name} (there in one only)"
        elif dumps(_arrays(mine[name])) != dumps(_arrays(theirs[name])):
            yield f"runs tuned for {name} ({_how_far(mine[name], theirs[name])})"


def _how_far(one: Runs, other: Runs) -> str:
    """On how many problems two sets of runs differ, and by how much at most."""
    if one.losses.shape != other.losses.shape:
        return f"{one.losses.shape} and {other.losses.shape} losses"
    pairs = [(np.asarray(a), np.asarray(b)) for a, b in zip(one[1:], other[1:], strict=True)]
    rows = np.zeros(len(one.best), bool)
    for a, b in pairs:
        unlike = ~((a == b) | (np.isnan(a) & np.isnan(b)))
        rows |= unlike.reshape(len(rows), -1).any(axis=1)
    return f"{rows.sum()} of {len(rows)} problems, by up to {max(_relative(a, b) for a, b in pairs):.1g} of the value"


def _relative(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference of two arrays as a share of the value; infinite where one of them is not finite."""
    a, b = a.astype("float64"), b.astype("float64")
    unlike = ~((a == b) | (np.isnan(a) & np.isnan(b)))
    if not unlike.any():
        return 0.0
    a, b = a[unlike], b[unlike]
    if not (np.isfinite(a) & np.isfinite(b)).all():
        return np.inf
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a), np.abs(b))))


def _arrays(runs: Runs) -> list[np.ndarray]:
    """As the store keeps them."""
    named = runs._asdict().items()
    return [np.asarray(values).astype(_KINDS.get(name, np.asarray(values).dtype)) for name, values in named]
