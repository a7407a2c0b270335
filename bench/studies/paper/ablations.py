"""The ablations that the claims need: the four mechanisms, their random controls, and the ladder."""

from __future__ import annotations

from typing import Any

from bench.engine import VERSION as ENGINE
from bench.lookup import identity
from bench.lookup.named import NamedTask
from bench.studies.ablation import measure, report
from bench.studies.ablation.entries import VERSION
from bench.studies.ablation.plan import Ablation, variants
from bench.studies.paper.races import STEPS
from bench.suites import find
from optimizers import Entry

MECHANISMS = ("momentum", "clipping", "schedule", "adaptation")


def chosen() -> list[Ablation]:
    """Without pairs, without `offset` and `bias`, and without the controls of the linearised ones."""
    singles = {f"without {name}" for name in MECHANISMS}
    return [
        variant
        for variant in variants(STEPS)
        if variant.role in ("original", "linear", "rung") or variant.label.partition(":")[0] in singles
    ]


def parts(subject: NamedTask, entry: Entry, problems: int) -> tuple:
    """What the ablations depend on."""
    about = identity.task_definition(subject.task), identity.optimizer_definition(entry)
    return (subject.name, *about, problems, STEPS, metric(subject), VERSION, ENGINE)


def metric(subject: NamedTask) -> str:
    return find.get("core").metric_for(subject.name)


def ablated(subject: NamedTask, entry: Entry, problems: int) -> dict[str, Any]:
    """The report of bench.studies.ablation on report problems 0 … problems − 1."""
    shared = measure.Conditions(subject, entry, STEPS, metric(subject))
    raced = measure.study(shared, seeds=problems, chosen=chosen())
    return report.report(raced)
