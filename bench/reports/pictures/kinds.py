"""The pictures there are, by kind, and the one call that draws one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench.errors import UserError
from bench.lookup import canvas
from bench.reports.pictures.curves import curves
from bench.reports.pictures.profiles import budget, ecdf, profile
from bench.reports.pictures.rows import box, ranks
from bench.reports.pictures.sensitivity import sensitivity
from bench.scores import measures
from bench.scores.measures import Scored
from bench.scores.metrics import METRICS
from bench.scores.results import Results, load


class Kind(NamedTuple):
    """A kind of picture: what draws it of results by a metric, and the metric where none is asked for.

    `measures`: whether it takes those too that tuning does not select by.
    """

    draw: Callable[[Results, Any], Any]
    metric: str
    measures: bool = False


KINDS: Mapping[str, Kind] = {
    "curves": Kind(curves, "mean_loss"),
    "ecdf": Kind(ecdf, "anytime"),
    "profile": Kind(profile, "anytime", measures=True),
    "budget": Kind(budget, "mean_loss"),
    "sensitivity": Kind(sensitivity, "mean_loss"),
    "box": Kind(box, "mean_loss", measures=True),
    "ranks": Kind(ranks, "anytime", measures=True),
}


def plot(
    out: Any, path: Path | str, kind: str = "curves", metric: str | None = None, better: str | None = None
) -> Path:
    """Draw results (a run's folder or several) into `path`, whose ending is the format.

    `metric`: as for a board; `better` of a task's own whose name does not say what is. Raises UserError.
    """
    if kind not in KINDS:
        raise UserError(f"unknown kind {kind!r}; known: {', '.join(KINDS)}")
    path, results = canvas.checked(path), load(out)
    by = measures.find(metric or KINDS[kind].metric, results.records.values(), better)
    return canvas.save(KINDS[kind].draw(results, _drawable(kind, by)), path)


def _drawable(kind: str, metric: Scored) -> Scored:
    """The metric, if pictures of this kind are drawn by it; raises UserError."""
    if metric.name in METRICS or KINDS[kind].measures:
        return metric
    kinds = ", ".join(name for name, known in KINDS.items() if known.measures)
    raise UserError(
        f"{kind} is drawn by what tuning selects by, which {metric.name} is not: give one of {', '.join(METRICS)}, "
        f"or another --kind: {kinds}"
    )
