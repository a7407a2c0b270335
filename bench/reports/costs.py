"""What a suite cost each entry, as a table: gradient evaluations, seconds, and where meta-training pays."""

from __future__ import annotations

import math

import numpy as np

from bench.reports.tables import Grid, text
from bench.scores.numbers import count, seconds_only
from bench.scores.results import Results


def ledger(results: Results) -> str:
    """`ledger_grid`, printed."""
    return text(ledger_grid(results))


def ledger_grid(results: Results) -> Grid:
    """Gradient evaluations and seconds by entry over all tasks; meta-training is paid once, not per task."""
    rows = [_ledger_row(results, name) for name in results.optimizers]
    headers = ["optimizer", "tuning", "reporting", "meta-training", "s compile", "s runs", "s meta", "break-even"]
    note = (
        "Gradient evaluations, then seconds. Break-even: the number of tasks after which "
        "meta-training once has cost less than tuning a hand-designed optimizer for each."
    )
    return Grid(headers, rows, [note])


def _ledger_row(results: Results, optimizer: str) -> list[str]:
    spent = [record.ledger for record in results.of_optimizer(optimizer) if record.ledger]

    def total(name: str) -> float:
        return sum(ledger.get(name, 0.0) for ledger in spent)

    def once(name: str) -> float:
        return max((ledger.get(name, 0.0) for ledger in spent), default=0.0)

    return [
        optimizer,
        *(count(x) for x in (total("gradients_tuning"), total("gradients_reporting"), once("gradients_metatraining"))),
        seconds_only(total("seconds_compile")),
        seconds_only(total("seconds_tuning") + total("seconds_reporting")),
        seconds_only(once("seconds_metatraining")),
        _break_even(once("gradients_metatraining"), _tuning_cost(results)),
    ]


def _tuning_cost(results: Results) -> float:
    """Mean gradient evaluations of tuning one hand-designed optimizer for one task; NaN if none was tuned."""
    costs = [r.ledger.get("gradients_tuning", 0.0) for r in results.records.values() if r.kind == "hand-designed"]
    return float(np.mean([c for c in costs if c > 0])) if any(c > 0 for c in costs) else math.nan


def _break_even(metatraining: float, tuning: float) -> str:
    return f"{math.ceil(metatraining / tuning)}" if metatraining > 0 and tuning > 0 else ""
