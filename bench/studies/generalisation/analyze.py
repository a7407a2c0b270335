"""The numbers of the matrix, one line per column and row, paired by problem. No TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bench.records.record import Record, Runs
from bench.scores import statistics
from bench.scores.metrics import METRICS, Metric
from bench.scores.numbers import brief, signed, whole_percent
from bench.scores.results import finished, runs_of
from bench.studies.generalisation.changes import Change
from bench.studies.generalisation.plan import BASELINES, FAMILIES, Group, Matrix, Panel, job_of
from bench.suites.jobs import Job

_TUNED = tuple(Group(name, (name,)) for name in BASELINES)
_DEFAULT_ADAM = Group("adam", ("adam",), default=True)
_MEAN, _LOG = METRICS["mean_loss"], METRICS["mean_log"]


def table(matrix: Matrix, records: Mapping[Job, Record]) -> pd.DataFrame:
    """One line per panel, column and row that was raced.

    `ratio`: mean over problems and meta-seeds of the mean over the run of loss / initial loss, over that of `best`, the
    tuned baseline whose mean on the same problems is lowest; `ratio_low, ratio_high`: its paired 95 % interval over
    problems; `ratio_least, ratio_most`: the extremes over meta-seeds. `adam…`: the same against Adam at its defaults.
    `log10…`: the difference of the mean over the run of log10 loss / initial loss to `log10_best`'s, tuned for that.
    `diverged`: share of runs. `failed`: cells that raised; they score the worst there is.
    """
    lines = []
    for panel in matrix.panels:
        for change in panel.columns:
            column = _Column(matrix, change, records)
            raced = [row for row in panel.rows if column.of(row)]
            numbers = zip(*(column.compare(raced, *to) for to in column.bases()), strict=True)
            lines += [
                _about(panel, change, row) | column.failures(row) | ratio | adam | log
                for row, (ratio, adam, log) in zip(raced, numbers, strict=True)
            ]
    return pd.DataFrame(lines)


class _Column(NamedTuple):
    """One column of the matrix and what was measured for it."""

    matrix: Matrix
    change: Change
    records: Mapping[Job, Record]

    def of(self, row: Group) -> list[Record]:
        """The records of a row, one per meta-seed; none where it is not made for the task."""
        found = (self.records.get(job_of(self.matrix, self.change, m)) for m in row.members)
        return [record for record in found if record is not None]

    def scores(self, row: Group, metric: Metric) -> np.ndarray:
        """(meta-seeds, problems)."""
        worst = np.full(self.matrix.budget(self.change).seeds, metric.worst)
        parts = []
        for record in self.of(row):
            runs = _runs(record, metric, row)
            parts.append(worst if runs is None else metric.score(runs, record.floor))
        return np.asarray(parts, "float64")

    def bases(self) -> list[tuple[str, Metric, Group]]:
        """(name of the columns, metric, who the denominator is)."""
        best = {metric: min(_TUNED, key=lambda row: float(self.scores(row, metric).mean())) for metric in (_MEAN, _LOG)}
        return [("ratio", _MEAN, best[_MEAN]), ("adam", _MEAN, _DEFAULT_ADAM), ("log10", _LOG, best[_LOG])]

    def compare(self, raced: list[Group], name: str, metric: Metric, to: Group) -> list[dict[str, Any]]:
        """Per row: value, interval over problems and extremes over meta-seeds, relative to `to`."""
        combine = np.subtract if metric.differs else np.divide
        scores = [self.scores(row, metric) for row in raced]
        pool = np.stack([part.mean(axis=0) for part in (*scores, self.scores(to, metric))])
        means, drawn = pool.mean(axis=1), statistics.resampled_means(pool, statistics.generator())
        between = statistics.interval(combine(means[:-1], means[-1]), combine(drawn[:, :-1], drawn[:, -1:]))
        each = [combine(part.mean(axis=1), means[-1]) for part in scores]
        return [
            {
                name: float(between.value[i]),
                f"{name}_low": float(between.low[i]),
                f"{name}_high": float(between.high[i]),
                f"{name}_least": float(each[i].min()),
                f"{name}_most": float(each[i].max()),
                **({} if to is _DEFAULT_ADAM else {f"{name}_best": to.label}),
            }
            for i in range(len(raced))
        ]

    def failures(self, row: Group) -> dict[str, Any]:
        runs = [_runs(record, _MEAN, row) for record in self.of(row)]
        shares = [1.0 if one is None else float((one.diverged >= 0).mean()) for one in runs]
        return {"diverged": float(np.mean(shares)), "failed": sum(one is None for one in runs)}


def _runs(record: Record, metric: Metric, row: Group) -> Runs | None:
    """The runs a row shows under `metric`; None of a failed cell."""
    if not finished(record):
        return None
    return record.runs["default"] if row.default else runs_of(record, metric)


def _about(panel: Panel, change: Change, row: Group) -> dict[str, Any]:
    return {
        "panel": panel.title,
        "home": change.origin,
        **{name: getattr(change, name) for name in ("change", "label", "task", "steps")},
        "entry": row.label,
        "kind": row.kind,
        "trained_on": ", ".join(row.trained_on),
        "meta_seeds": len(row.members) if row.kind == "learned" else 0,
    }


def heading(line: dict) -> str:
    """What a column is called within its panel: the task it races on, or what is changed."""
    if line["panel"] == FAMILIES:
        return line["task"]
    return " ".join(filter(None, (line["change"], line["label"])))


def cell(line: dict, column: str = "ratio") -> list[str]:
    """What a cell says: `["0.84"]`, `["2.1", "✗ 3 %"]`; the share alone of runs that have all diverged.

    No sign on a zero, and digits enough to tell almost no difference from none.
    """
    lost = [f"✗ {whole_percent(line['diverged'])}"] if line["diverged"] else []
    value = float(line[column])
    if lost and (line["diverged"] == 1 or not math.isfinite(value)):
        return lost
    return [_ratio(value) if column == "ratio" else _difference(value), *lost]


def _ratio(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    return f"{value:.3f}" if 0.0005 <= abs(value - 1) < 0.01 else brief(value)


def _difference(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    small = f"{value:+.2f}".replace("-", "−")
    return "0" if abs(value) < 0.005 else small if abs(value) < 0.095 else signed(value)
