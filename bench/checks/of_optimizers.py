"""The checks of an optimizer, in order: what later ones stand on comes first."""

from __future__ import annotations

from bench.checks import keras_parity, optimizer_in_engine, serialization, updates
from bench.checks.optimizer_case import OptimizerCase
from bench.checks.result import Check, Result, go_through
from optimizers import Entry

CHECKS = (
    Check("builds", updates.builds, required=True),
    Check("shapes", updates.shapes, required=True),
    Check("pure", updates.pure, required=True),
    Check("dtypes", updates.dtypes),
    Check("finite", updates.finite_updates),
    Check("space", serialization.space, required=True),
    Check("restores", serialization.restores),
    Check("keras parity", keras_parity.parity),
    Check("vectorizes", optimizer_in_engine.vectorizes, required=True),
    Check("neighbors", optimizer_in_engine.neighbors),
    Check("descends", optimizer_in_engine.descends),
)


def check_optimizer(entry: Entry) -> list[Result]:
    """Results of every check that could be made."""
    return go_through(CHECKS, entry.name, "optimizer", OptimizerCase(entry))
