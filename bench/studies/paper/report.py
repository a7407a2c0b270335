"""The rows as claims.md and claims.csv."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.probes.catalog import PROBES
from bench.probes.pooling import combine
from bench.probes.reading import Reading
from bench.records.files import csv_text, write_bytes
from bench.reports.tables import piped
from bench.scores.numbers import percent, significant
from bench.studies.paper.analyze import Judgment
from bench.studies.paper.evidence import Measured
from bench.studies.paper.rules import BOOTSTRAP, HELD, NOT_DECIDABLE, NOT_HELD, RANGE

COLUMNS = (
    "id",
    "task",
    "section",
    "claim",
    "sure",
    "paper",
    "value",
    "low",
    "high",
    "interval",
    "rule",
    "verdict",
    "reason",
    "mechanism",
    "ablation",
)
_TITLES = {
    "abstract": "The abstract",
    "abstract, 5": "The abstract",
    "8": "The abstract",
    "5": "Races and baselines (5)",
    "7.1": "Momentum (7.1)",
    "7.2": "Gradient clipping (7.2)",
    "7.3": "Learning rate schedules (7.3)",
    "7.4": "Learning rate adaptation (7.4)",
}
_MARKS = {RANGE: "", BOOTSTRAP: " ᵇ"}
_ABOUT = """\
# The paper, claim by claim

Maheswaranathan, Sussillo, Metz, Sun, Sohl-Dickstein, "Reverse engineering learned optimizers reveals known and novel
mechanisms" (2021), against our own networks, races, probes and ablations. Made by `python -m bench paper`;
docs/paper.md says how to read it.

{counts}

Measured:

{measured}

The number is the mean over meta-seeds, in brackets the smallest and the largest (a range, not a confidence interval);
with ᵇ, brackets are 95 % bootstrap intervals paired over problems, the widest of the meta-seeds'; other brackets are
named; shares are of meta-seeds. *Held if* is the rule, written down in bench/studies/paper/claims.py before this
table (what had been seen by then: docs/paper.md): held when it is met in every meta-seed, not held when what stands
against it is met in every one, not decidable otherwise (numbers of the paper's: the mean has to be within, and no
meta-seed twice as far off).
*Sure* says how sure we are that the paper says so: T its opening pages, S secondary text, F read off its figures, M+
and M recollection, C and N its authors' code and notebooks, X an independent calculation, I inference. *Without it* is
the score of the ablated optimizer, step tuned again, over that of the whole (smallest and largest meta-seed, widest
interval).
"""


def write(out: Path, rows: Sequence[Judgment], measured: Measured) -> str:
    """Both files; returns the Markdown."""
    text = markdown(rows, measured)
    write_bytes(out / "claims.md", text.encode())
    write_bytes(out / "claims.csv", table(rows).encode())
    return text


def table(rows: Sequence[Judgment]) -> str:
    """Every row, rules and reasons included."""
    return csv_text(COLUMNS, map(_record, rows))


def _record(row: Judgment) -> list[Any]:
    claim, found, ablation, _ = row
    numbers = ["" if part is None else f"{part:.6g}" for part in found[:3]]
    return [
        claim.id,
        claim.task,
        claim.section,
        claim.text,
        claim.sure,
        claim.paper,
        *numbers,
        found.spread,
        claim.rule.text,
        found.verdict,
        found.reason,
        claim.mechanism,
        ablation,
    ]


def markdown(rows: Sequence[Judgment], measured: Measured) -> str:
    """What was measured, by section; what was not is only counted."""
    shown = [row for row in rows if row.measured]
    lines = [_ABOUT.format(counts=_counts(shown), measured=_measured(measured))]
    for title in dict.fromkeys(_TITLES.values()):
        some = [row for row in shown if _TITLES[row.claim.section] == title]
        lines += _section(title, some) if some else []
    lines += _probes(measured)
    lines += _absent(rows)
    return "\n".join(lines) + "\n"


def _counts(rows: Sequence[Judgment]) -> str:
    found = Counter(row.finding.verdict for row in rows)
    said = ", ".join(f"{found[word]} {word}" for word in (HELD, NOT_HELD, NOT_DECIDABLE))
    return f"**Of {len(rows)} rows, a claim on a task each: {said}.**"


def _measured(measured: Measured) -> str:
    return "\n".join(
        f"- {on.task}: {', '.join(seed.name for seed in on.seeds) or 'no weights'}; {on.problems} problems"
        for on in measured.values()
    )


def _section(title: str, rows: Sequence[Judgment]) -> list[str]:
    causal = any(row.claim.mechanism for row in rows)
    head = ["claim", "task", "sure", "paper", "ours", "held if", "verdict", "why"]
    head += ["without it"] if causal else []
    before = ["", *(row.claim.text for row in rows)]
    cells = [_cells(row, causal, row.claim.text == above) for row, above in zip(rows, before[:-1], strict=True)]
    return [f"## {title}", "", *piped(head, cells), ""]


def _cells(row: Judgment, causal: bool, same: bool) -> list[str]:
    claim, found, ablation, _ = row
    plain = found.spread in (*_MARKS, "") or found.spread.startswith("share")
    why = found.reason if plain else f"{found.reason} ({found.spread})"
    cells = ["″" if same else claim.text, claim.task, claim.sure, claim.paper, _ours(row)]
    cells += [claim.rule.text, f"**{found.verdict}**", why]
    return [*cells, *([ablation or "–"] if causal else [])]


def _ours(row: Judgment) -> str:
    found = row.finding
    if found.value is None:
        return "–"
    if found.spread.startswith("share"):
        return percent(found.value)
    if found.low is None:
        return _shown(found.value)
    return f"{_shown(found.value)} [{_shown(found.low)}, {_shown(found.high)}]{_MARKS.get(found.spread, '')}"


def _shown(value: float | None) -> str:
    return "never" if value == float("inf") else significant(value)


def _probes(measured: Measured) -> list[str]:
    """Each probe's sentence over all meta-seeds of a task."""
    lines = ["## What the probes say of all meta-seeds together", ""]
    for on in measured.values():
        for probe in on.seeds[0].readings if on.seeds else ():
            found = [seed.readings[probe] for seed in on.seeds if probe in seed.readings]
            lines.append(f"- {on.task}, {combine([_reading(probe, r) for r in found]).sentence}")
    return [*lines, ""]


def _reading(probe: str, plain: Mapping[str, Any]) -> Reading:
    """With the values worth a sentence only."""
    names = PROBES[probe].pooled or plain["values"]
    values = {name: plain["values"][name] for name in names if name in plain["values"]}
    return Reading(plain["verdict"], values, plain.get("sentence", ""))


def _absent(rows: Sequence[Judgment]) -> list[str]:
    found = Counter(row.claim.task for row in rows if not row.measured)
    return [
        f"{count} further rows about {task} were not measured; `--tasks {task}` does." for task, count in found.items()
    ]
