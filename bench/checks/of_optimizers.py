"""The checks of an optimizer, in order: what later ones stand on comes first."""

from __future__ import annotations

from bench.checks import company, keras_parity, theta, updates
from bench.checks.result import Check, Result, go_through
from bench.checks.rivals import Rival
from optimizers import Entry

CHECKS = (
    Check("builds", updates.builds, required=True),
    Check("shapes", updates.shapes, required=True),
    Check("pure", updates.pure, required=True),
    Check("dtypes", updates.dtypes),
    Check("finite", updates.finite_updates),
    Check("space", theta.space, required=True),
    Check("restores", theta.restores),
    Check("keras parity", keras_parity.parity),
    Check("vectorizes", company.vectorizes, required=True),
    Check("neighbors", company.neighbors),
    Check("descends", company.descends),
)


def check_optimizer(entry: Entry) -> list[Result]:
    """Results of every check that could be made."""
    return go_through(CHECKS, entry.name, "optimizer", Rival(entry))
