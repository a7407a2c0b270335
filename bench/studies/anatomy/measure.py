"""The paper's figures for one optimizer on one task: five pictures, their numbers, and a page that holds both.

`gather` measures, `draw` makes pictures of what it measured and nothing else, so a kept `anatomy.json` can be drawn
again without TensorFlow.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import UserError
from bench.lookup import resolve
from bench.probes import run
from bench.probes.dynamics.subject import Subject
from bench.probes.dynamics.system import ProbeError
from bench.records import sealed
from bench.records.files import strict, write_bytes
from bench.records.record import RECHECK, Budget
from bench.scores import metrics
from bench.scores.scale import leveled, mean_name, shown_interval
from bench.scores.statistics import mean_interval
from bench.suites import find
from bench.suites.protocol import budget_for
from optimizers.disclosures import words

if TYPE_CHECKING:
    from bench.lookup.named import NamedTask
    from bench.scores.metrics import Metric
    from bench.studies.anatomy.curves import LossCurve
    from optimizers import Entry

FIGURES = ("1-curves", "2-dynamics", "3-update", "4-schedule", "5-adaptation")
SETTINGS = ("seeds", "trials", "tuning_seeds", "steps", *RECHECK)
"""What a budget is given by, as the page lists it."""


def anatomy(
    optimizer: Any,
    task: Any,
    out: Path | str,
    theta: Mapping[str, Any] | None = None,
    *,
    folders: Iterable[Path] = (),
    progress: Callable[[str], None] = lambda about: None,
    **budget: int,
) -> dict[str, Any]:
    """Measure `optimizer` on `task`, write five PNGs, anatomy.json and anatomy.html into `out` -> what was measured.

    `budget`: the numbers in which it is not the task's in bench.suites.protocol. Tuned cells are read from `folders`
    where a run has them, else run and kept in `out`. An optimizer that cannot be probed has its curves, and pages that
    say why there is nothing more. Raises UserError, TaskError, OptimizerError.
    """
    if unknown := set(budget) - set(SETTINGS):
        raise UserError(f"unknown setting {sorted(unknown)[0]!r}; known: {', '.join(SETTINGS)}")
    subject, entry, chosen = resolve.named_task(task), resolve.entry(optimizer), budget_for(task, **budget)
    cells = Path(out) / "tuned"
    found = gather(subject, entry, resolve.theta(entry, dict(theta or {})), chosen, cells, folders, progress)
    progress("drawing")
    write(found, Path(out))
    return found


def check_entry(entry: Entry) -> None:
    """Raise UserError for an oracle, which is no system of gradients."""
    if not entry.told_gradients_only:
        raise UserError(f"optimizer {entry.name!r} knows the loss and has no anatomy; name another")


def gather(
    subject: NamedTask,
    entry: Entry,
    theta: dict[str, Any],
    budget: Budget,
    cells: Path,
    folders: Iterable[Path] = (),
    progress: Callable[[str], None] = lambda about: None,
) -> dict[str, Any]:
    """Curves, readings and portrait as plain data; raises UserError for an oracle, which is no system of gradients."""
    from bench.studies.anatomy.curves import curves

    check_entry(entry)
    metric = metrics.get(find.get("core").metric_for(subject.name))
    raced, theta = curves(subject, entry, theta, metric, budget, cells, folders, progress)
    progress("probing, controls first")
    reference = next((curve.theta for curve in raced if curve.name == "momentum"), {})
    ball = (reference["learning_rate"], reference["momentum"]) if reference else None
    try:
        visited = run.visited(subject, entry, theta, steps=budget.steps)
        readings, portrait, reason = _inside(entry, theta, visited._replace(tuned=ball))
    except UserError as diverged:
        readings, portrait, reason = {}, None, str(diverged)
    return {
        "optimizer": entry.name,
        "kind": entry.kind,
        "discloses": _discloses(entry),
        "task": subject.name,
        "formula": formula(subject.task),
        "task_settings": repr(subject.task),
        "reference": subject.task.reference,
        "floor": float(subject.task.floor),
        "budget": {name: getattr(budget, name) for name in SETTINGS},
        "metric": metric.name,
        "tuned": bool(entry.space),
        "curves": [_plain(curve, metric) for curve in raced],
        "comparison": _comparison(raced, metric),
        "readings": readings,
        "portrait": portrait,
        "reason": reason,
    }


def _inside(entry: Entry, theta, visited) -> tuple[dict[str, Any], dict[str, Any] | None, str]:
    """Readings, portrait, and why there are none."""
    from bench.probes.dynamics.component import system_of
    from bench.probes.figure_data import portrait
    from bench.probes.read import read

    try:
        system = system_of(entry.build(theta))
        subject = Subject.of(system, visited)
    except ProbeError as error:
        return {}, None, str(error)
    readings = {name: reading.to_json() for name, reading in read(system, visited).items()}
    return readings, portrait(subject), ""


def _plain(curve: LossCurve, metric: Metric) -> dict[str, Any]:
    from bench.studies.anatomy.curves import mean_of

    score, low, high = (float(part) for part in mean_of(curve.scores, metric))
    kept = {name: value for name, value in curve._asdict().items() if name != "scores"}
    return strict({**kept, "score": score, "score_low": low, "score_high": high})


def _comparison(raced: list[LossCurve], metric: Metric) -> dict[str, Any]:
    """The optimizer beside the best baseline, paired by problem: ratio or difference, its 95 % interval, and a word."""
    from bench.studies.anatomy.curves import best_baseline

    best = best_baseline(raced, metric)
    levels = mean_interval(leveled(metric, raced[0].scores) - leveled(metric, best.scores))
    clear = float(levels.low) > 0 or float(levels.high) < 0
    word = "ahead of" if metric.sign * float(levels.value) > 0 else "behind"
    effect, low, high = (float(part) for part in shown_interval(metric, levels))
    return strict(
        {
            "baseline": best.name,
            "kind": "ratio" if metric.in_logs else "difference",
            "effect": effect,
            "low": low,
            "high": high,
            "word": word if clear else "not told apart from",
            "better": metric.better,
            "mean": mean_name(metric),
        }
    )


def _discloses(entry: Entry) -> list[str]:
    trained = entry.discloses.get("trained_on")
    return [*([f"meta-trained on {', '.join(map(str, trained))}"] if trained else []), *words(entry.discloses)]


def formula(task: Any) -> str:
    """The first sentences of a task's docstring, where every task states its loss."""
    paragraph = (inspect.getdoc(type(task)) or "").split("\n\n")[0]
    return " ".join(paragraph.split())


def write(found: Mapping[str, Any], out: Path) -> None:
    """Five PNGs, anatomy.json and anatomy.html; raises UserError where they cannot be written."""
    from bench.studies.anatomy.report import page

    pictures = draw(found)
    for name, content in pictures.items():
        write_bytes(out / f"{name}.png", content)
    sealed.write(out / "anatomy.json", found)
    write_bytes(out / "anatomy.html", page(found, pictures).encode())


def draw(found: Mapping[str, Any]) -> dict[str, bytes]:
    """{name of FIGURES: PNG}."""
    from bench.studies.anatomy.drawing import png
    from bench.studies.anatomy.figures import figures

    return {name: png(figure) for name, figure in figures(found).items()}
