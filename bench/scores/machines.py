"""On which kinds of machine stored cells were made: what differs in last bits is not in one board unasked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bench.errors import UserError
from bench.records.record import Record

Kind = tuple[str, ...]
"""What last bits depend on beside the code of this project: architecture, vector instructions, settings, libraries."""


def kind(record: Record) -> Kind:
    """Of what kind of machine a record is; () of one from before records said so."""
    numerics = record.provenance.get("numerics", "").split()
    libraries = [f"{name} {number}" for name, number in sorted(record.cell.versions.items()) if name != "engine"]
    return (*numerics, *libraries) if numerics else ()


def check(records: Iterable[Record]) -> None:
    """Raises UserError for cells of several kinds."""
    if words := mixed(records):
        raise UserError(f"{words}; add --mix to take them together, or give folders of one kind")


def mixed(records: Iterable[Record]) -> str:
    """That cells are of several kinds and in what those differ, the most frequent first; "" where all are of one.

    What does not say its kind counts as of any.
    """
    found = {kind: count for kind, count in Counter(map(kind, records)).most_common() if kind}
    if len(found) < 2:
        return ""
    common = set.intersection(*map(set, found))
    own = [(count, ", ".join(part for part in kind if part not in common)) for kind, count in found.items()]
    own.sort(key=lambda part: not part[1])
    words = "; ".join(f"{count} with {parts or 'none of that'}" for count, parts in own)
    return f"cells of {len(found)} kinds of machine, whose numbers differ in their last digits ({words})"
