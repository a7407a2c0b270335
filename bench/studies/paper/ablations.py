"""The ablations that the claims need: the four mechanisms, all pairs of them, their random controls, and the ladder.

Judged by the paper's own objective, the mean loss over the run, on every task.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

from bench.engine import VERSION as ENGINE
from bench.lookup import identity
from bench.lookup.named import NamedTask
from bench.studies.ablation import measure, report
from bench.studies.ablation.entries import VERSION
from bench.studies.ablation.plan import Ablation, variants
from bench.studies.paper.races import STEPS
from bench.suites.protocol import budget_for
from optimizers import Entry

MECHANISMS = ("momentum", "clipping", "schedule", "adaptation")
METRIC = "mean_loss"
PROBLEMS = 512
_BOTH = ("original", "single")
"""Roles raced with their own step as well as with a tuned one."""


def chosen() -> list[Ablation]:
    """Without `offset` and `bias`, and without the controls of the linearized ones."""
    singles = {f"without {name}" for name in MECHANISMS}
    pairs = {f"without {a} and {b}" for a, b in combinations(MECHANISMS, 2)}
    return [
        variant
        for variant in variants(STEPS)
        if variant.role in ("original", "linear", "rung") or variant.label.partition(":")[0] in singles | pairs
    ]


def parts(subject: NamedTask, entry: Entry) -> tuple:
    """What the ablations depend on."""
    about = identity.task_definition(subject.task), identity.optimizer_definition(entry)
    labels = tuple(variant.label for variant in chosen())
    tuning = budget_for(subject.name).tuning_seeds
    return (subject.name, *about, PROBLEMS, tuning, labels, _BOTH, STEPS, METRIC, VERSION, ENGINE)


def ablated(subject: NamedTask, entry: Entry, problems: int = PROBLEMS) -> dict[str, Any]:
    """The report of bench.studies.ablation on report problems; steps are tuned on as many as the task's baselines."""
    shared = measure.Conditions(subject, entry, STEPS, METRIC)
    tuning = budget_for(subject.name).tuning_seeds
    raced = measure.study(shared, seeds=problems, chosen=chosen(), tuning=tuning, as_is=_BOTH)
    return report.report(raced)
