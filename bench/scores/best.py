"""The winner of a task as an optimizer that goes into `compile`, and the line of Python that writes it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.lookup import resolve
from bench.scores.metrics import get
from bench.scores.results import Results, chosen, finished, load, runs_of
from optimizers import Entry
from optimizers.base import with_horizon

RANKED = ("hand-designed", "learned")
"""Kinds that may win; oracles do not."""


@dataclass(frozen=True)
class Best:
    """The entry with the best mean `score` by `metric` on the report problems of `task`, and its tuned θ.

    Entries within the winner's interval may be as good: `bench.leaderboard` says which. Oracles do not count.
    """

    task: str
    name: str
    theta: Mapping[str, Any] = field(repr=False)
    metric: str
    score: float

    @property
    def entry(self) -> Entry:
        """The entry; raises UserError or OptimizerError where its file has not been imported."""
        return resolve.entry(self.name)

    def optimizer(self, **settings: Any) -> Any:
        """A new `keras.optimizers.Optimizer` at θ; `settings` as those of `optimizers.load`."""
        from optimizers.keras_optimizer import as_keras

        return as_keras(self.entry, self.theta, **settings)

    @property
    def code(self) -> str:
        """The line of Python that makes the optimizer without this project's results."""
        build: Any = self.entry.build
        name = self.name
        if not self.entry.told_gradients_only:
            raise UserError(f"optimizer {name!r} is told the loss, which Keras hands to no optimizer; no line makes it")
        given = ", ".join(f"{key}={value!r}" for key, value in self.theta.items() if np.ndim(value) == 0)
        if self.entry.kind == "learned":
            return f"optimizers.load({name!r})"
        if not hasattr(build, "plain"):
            numbers = {key: value for key, value in self.theta.items() if np.ndim(value) == 0}
            return f"optimizers.keras_optimizer.EntryOptimizer({numbers!r}, entry={name!r})"
        source = getattr(build, "source", None)
        if not isinstance(source, str) or hasattr(build, "schedule"):
            return f"optimizers.load({name!r}, {given})"
        fixed = "".join(f", {key}={value!r}" for key, value in build.fixed if key not in self.theta)
        return f"keras.optimizers.{source}({given}{fixed})"


def best(out: Path | str | Results, task: str, metric: str = "mean_loss", kind: str | None = None) -> Best:
    """The best entry of a run's folder on `task` by `metric`, of a `kind` or of all; UserError where there is none."""
    results, measured = load(out), get(metric)
    if task not in results.tasks:
        raise UserError(f"{out} has no task {task!r}; it has: {', '.join(results.tasks)}")
    found = [
        (measured.sign * float(measured.score(runs_of(record, measured), record.floor).mean()), record)
        for record in results.of_task(task)
        if record is not None and finished(record) and record.kind in ((kind,) if kind else RANKED)
    ]
    ranked = [(score, record) for score, record in found if np.isfinite(score)]
    if not ranked:
        raise UserError(
            f"no {kind or 'ranked'} entry of {out} has finished on {task!r} with a finite {metric}; see its leaderboard"
        )
    score, record = max(ranked, key=lambda pair: pair[0])
    theta = with_horizon(record.thetas[chosen(record, measured)], record.cell.budget.steps)
    return Best(task, record.cell.optimizer, theta, metric, measured.sign * score)
