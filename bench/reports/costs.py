"""What a suite cost each entry, as a table: gradient evaluations, seconds, and where meta-training pays."""

from __future__ import annotations

import math
from collections.abc import Mapping

from bench.reports.tables import Grid, text
from bench.scores.homes import homes
from bench.scores.numbers import count, seconds_only
from bench.scores.results import Results


def ledger(results: Results) -> str:
    """`ledger_grid`, printed."""
    return text(ledger_grid(results))


def ledger_grid(results: Results) -> Grid:
    """Gradient evaluations and seconds by entry over all tasks; meta-training is paid once, not per task."""
    rows = [_ledger_row(results, name) for name in results.optimizers]
    headers = ["optimizer", "tuning", "reporting", "meta-training", "s compile", "s runs", "s meta"]
    return Grid(
        headers, rows, ["In gradient evaluations; s: in seconds, of compiling, of all runs and of meta-training."]
    )


def break_even_grid(results: Results, metric_of: Mapping[str, str]) -> Grid:
    """Of each learned entry at home: after how many tunings of the best hand-designed one its training has paid."""
    rows = [
        [
            str(row.task),
            str(row.optimizer),
            str(row.baseline),
            count(row.gradients_metatraining),
            count(row.gradients_tuning),
            _times(row.break_even),
            _times(row.break_even_seconds),
        ]
        for row in homes(results, metric_of).itertuples()
    ]
    headers = ["task", "optimizer", "baseline", "meta-training", "tuning", "break-even", "by time"]
    note = (
        "At home: gradient evaluations of meta-training, and of tuning the best hand-designed optimizer of that task. "
        "Break-even: how many such tunings cost as much, in gradient evaluations and by time; never, where the "
        "learned one is not ahead. Times are of the machine that trained and of the one that tuned, which may differ."
    )
    return Grid(headers, rows, [note])


def _times(value: float) -> str:
    return "never" if math.isinf(value) else "–" if math.isnan(value) else count(value)


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
    ]
