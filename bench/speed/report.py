"""The table on disk: ratios.md to read, ratios.csv to compute with, ratios.png to see, with where and when."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.engine import executor, numerics, process
from bench.records.files import csv_text, write_bytes
from bench.reports.tables import piped
from bench.scores.numbers import short
from bench.speed import bounds
from bench.speed.paired_timing import CHECKED, CHECKED_LEARNED
from bench.speed.plot import draw
from bench.speed.rows import Ratio
from bench.speed.table import HEADERS, line

PEERS = ("jax", "optax", "torch")
_HOW = """\
Made by `python -m bench speed` ({rounds} rounds). Every contender has a process of its own, all pinned to the same
core, one thread, float32, and they take turns: ours, peer, ours, peer. In a turn of at least 0.2 s the best run
counts. *ratio* is the median over rounds of peer / ours (above 1: ours is faster), *rounds* its extremes; *ours* and
*peer* are the best seconds of all rounds, per optimizer step of one run. Compilation is excluded (first calls are in
the CSV file), results are fetched to NumPy on both sides, and inputs are placed beforehand for the peers. Ours is what
`bench.engine.race` clocks around its programs; `ours_whole` in the CSV file is the whole call, sampling and stacking
included. All run the same numbers of configurations, seeds and steps on the same problems, handed over as NumPy arrays,
and are timed only if they repeat our losses to 1e-4 over the first {checked} steps (`disagreement`; {learned} for a
learned optimizer, which amplifies rounding). tf.function per step and model.fit run one configuration on one seed and
are charged per step; torch.func runs fewer steps, as nothing is compiled there. The expert's JAX is tried in each
layout with the full curve kept and with our recording in the carry; the fastest counts.
"""


def write(folder: Path, rows: Sequence[Ratio], peaks: Mapping[str, float], rounds: int) -> None:
    """The three files, into `folder`; raises UserError where that cannot be written."""
    write_bytes(folder / "ratios.md", markdown(rows, peaks, rounds).encode())
    write_csv(folder / "ratios.csv", rows)
    draw(rows, folder / "ratios.png")


def markdown(rows: Sequence[Ratio], peaks: Mapping[str, float], rounds: int) -> str:
    """The table, how it was made, the machine and its peaks, and what the bound counts."""
    where = machine()
    parts = [
        "# Speed, side by side",
        verdict(rows),
        "\n".join(piped(HEADERS, map(line, rows))),
        "![Ratios and targets](ratios.png)",
        _HOW.format(rounds=rounds, checked=CHECKED, learned=CHECKED_LEARNED).strip(),
        f"## Machine\n\n{where['processor']}, {where['time']}, commit {where['commit']}. {where['versions']}. "
        f"Compiler options: {where['compiler']}. Executor: {where['executor']}.",
        f"## Bound\n\n{_bound(peaks)}",
    ]
    return "\n\n".join(parts) + "\n"


def verdict(rows: Sequence[Ratio]) -> str:
    """One sentence: how many targets hold, and the names of those that do not."""
    promised = [row for row in rows if row.held is not None]
    short_of = [row.name for row in promised if row.held is False]
    text = f"{len(promised) - len(short_of)} of {len(promised)} targets hold."
    return text + (f" Short: {'; '.join(short_of)}." if short_of else "")


def write_csv(path: Path, rows: Sequence[Ratio]) -> None:
    """One line per row, with every further number and where it was measured."""
    where, details = machine(), sorted({name for row in rows for name in row.details})
    columns = list(_record(rows[0])) + details + list(where)
    lines = ({**_record(row), **row.details, **where} for row in rows)
    text = csv_text(columns, ([line.get(name, "") for name in columns] for line in lines))
    write_bytes(path, text.encode())


def machine() -> dict[str, str]:
    """Processor, time, commit, versions of what can move a number, compiler's options, executor; no host name."""
    known = {**process.versions(), **{name: _version(name) for name in PEERS}}
    versions = ", ".join(f"{name} {number}" for name, number in known.items() if number)
    about = process.provenance()
    told = {"versions": versions, "compiler": numerics.options(os.environ), "executor": executor.label()}
    return {name: about[name] for name in ("processor", "time", "commit")} | told


def _record(row: Ratio) -> dict[str, object]:
    return {
        "work": row.work,
        "against": row.against,
        "number": row.number,
        "unit": row.unit,
        "low": min(row.rounds, default=""),
        "high": max(row.rounds, default=""),
        "target": str(row.target or ""),
        "held": "" if row.held is None else row.held,
        "ours_seconds": row.ours,
        "peer_seconds": row.peer,
        "note": row.note,
        "missing": row.missing,
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _bound(peaks: Mapping[str, float]) -> str:
    measured = ", ".join(f"{name} {short(rate / 1e9)} G/s" for name, rate in peaks.items())
    counts = [(family, *map(str, count), str(count.moved)) for family, count in bounds.counts().items()]
    lines = "\n".join(piped(("family", *bounds.Count._fields, "bytes"), counts))
    about = (bounds.__doc__ or "").partition("\n\n")[2].strip()
    return (
        f"{about}\n\nPeaks of one core, measured in this run (bytes N: a copy that touches N MiB): {measured}.\n\n"
        f"Work of one optimizer step of one run:\n\n{lines}"
    )
