"""The whole study of one optimizer on one task, from names to plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.errors import UserError, check_count
from bench.lookup import resolve
from bench.records import sealed
from bench.studies.ablation import measure, report
from bench.studies.ablation.plan import METRICS, variants
from bench.suites import find


def causal_tests(
    optimizer: Any, task: Any, *, seeds: int = 512, steps: int = 200, metric: str | None = None
) -> dict[str, Any]:
    """Ablations, controls, pairs and ladder of `optimizer` on `task` -> plain data; raises UserError, OptimizerError.

    Keys: entries, mechanisms, interactions, ladder, and what was asked for.
    """
    check_count("seeds", seeds)
    check_count("steps", steps)
    subject, entry = resolve.named_task(task), resolve.entry(optimizer)
    metric = judged_by(metric, subject.name)
    total = measure.configurations(variants(steps))
    with tqdm(total=total, desc="ablations", unit=" configurations") as bar:
        raced = measure.study(measure.Conditions(subject, entry, steps, metric, bar.update), seeds=seeds)
    return report.report(raced)


def judged_by(metric: str | None, task: str) -> str:
    """`metric`, or that of the task in suite core; raises UserError for one that gives no ratios."""
    metric = metric or find.get("core").metric_for(task)
    if metric not in METRICS:
        raise UserError(f"metric {metric!r} gives no ratios; choose one of {', '.join(METRICS)}")
    return metric


def keep(found: dict[str, Any], out: Path) -> Path:
    """Write the report under `out`/ablations -> the file."""
    path = Path(out) / "ablations" / f"{found['optimizer']}@{found['task']}.json"
    sealed.write(path, found)
    return path
