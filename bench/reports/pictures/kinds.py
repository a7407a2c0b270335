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
from bench.scores import metrics
from bench.scores.metrics import Metric
from bench.scores.results import Results, load


class Kind(NamedTuple):
    """A kind of picture: what draws it of results by a metric, and the metric where none is asked for."""

    draw: Callable[[Results, Metric], Any]
    metric: str


KINDS: Mapping[str, Kind] = {
    "curves": Kind(curves, "mean_loss"),
    "ecdf": Kind(ecdf, "anytime"),
    "profile": Kind(profile, "anytime"),
    "budget": Kind(budget, "mean_loss"),
    "sensitivity": Kind(sensitivity, "mean_loss"),
    "box": Kind(box, "mean_loss"),
    "ranks": Kind(ranks, "anytime"),
}


def plot(out: Any, path: Path | str, kind: str = "curves", metric: str | None = None) -> Path:
    """Draw results (a run's folder or several) into `path`, whose ending is the format. Raises UserError."""
    if kind not in KINDS:
        raise UserError(f"unknown kind {kind!r}; known: {', '.join(KINDS)}")
    by = metrics.get(metric or KINDS[kind].metric)
    path = canvas.checked(path)
    return canvas.save(KINDS[kind].draw(load(out), by), path)
