"""On which kinds of machine stored cells were made: what differs in last bits is not in one board unasked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from bench.errors import UserError
from bench.records.record import Record

Kind = tuple[str, ...]
"""What last bits depend on beside the code of this project: architecture, vector instructions, settings, libraries."""


def kind(record: Record) -> Kind:
    """Of what kind of machine a record is; () of one from before records said so."""
    numerics = record.provenance.get("numerics", "").split()
    libraries = [f"{name} {number}" for name, number in sorted(record.cell.versions.items()) if name != "engine"]
    return (*numerics, *libraries) if numerics else ()


def kinds(records: Iterable[Record]) -> dict[Kind, int]:
    """{kind: its cells} of all that say theirs, most frequent first."""
    return {kind: count for kind, count in Counter(map(kind, records)).most_common() if kind}


def check(records: Iterable[Record]) -> None:
    """Raises UserError for cells of several kinds."""
    found = kinds(records)
    if len(found) > 1:
        raise UserError(f"{said(found)}; add --mix to take them together, or give folders of one kind")


def said(found: Mapping[Kind, int]) -> str:
    """That they differ, and in what: their own parts, without those that all have."""
    common = set.intersection(*map(set, found))
    own = [(count, ", ".join(part for part in kind if part not in common)) for kind, count in found.items()]
    words = "; ".join(
        f"{count} with {parts or 'none of that'}" for count, parts in sorted(own, key=lambda part: not part[1])
    )
    return f"cells of {len(found)} kinds of machine, whose numbers differ in their last digits ({words})"
