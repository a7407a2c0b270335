"""The whole comparison: trials raced or read, curves, the picture and the page."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd

import optimizers
from bench.records.files import write_bytes
from bench.studies.generalist import breaks, cost, entrants, fits, inside, page, picture, split
from bench.studies.generalist.best_of import KS, Curve, curve, intervals, together
from bench.studies.generalist.entrants import UNTUNED, Entrant
from bench.studies.generalist.trials import SHOWN, measure

MEASURED = "measured"


def compare(out: Path, document: Path, progress: Callable[[str], None], everywhere: bool = True) -> str:
    """Write OUT/generalist.csv, OUT/generalist.png and the page `document`; returns the page."""
    ours = entrants.generalists()
    names = [one.name for one in ours if one.searched == UNTUNED and one.name != entrants.BEFORE]
    tasks = (*split.reported(), *split.AT_HOME)
    curves = curves_of(tasks, [*ours, *entrants.baselines()], out / MEASURED, progress)
    write_bytes(out / "generalist.csv", _table(curves).encode())
    panels = _panels(curves)
    picture.draw(out / "generalist.png", panels, _STATEMENT)
    subjects = _along(names, out / MEASURED)
    broken = breaks.matrix([subjects[0], subjects[-1]], out / MEASURED, progress)
    broken += breaks.everywhere(subjects[:1], out / MEASURED, progress) if everywhere else []
    progress("cost")
    costs = cost.lines(cost.nanoseconds(["adam", "muon", names[0]]))
    through_fit = fits.lines(fits.fitted([names[0], "adam"], progress))
    spikes = {name: inside.spiked(name) for name in (names[0], "adam", "sgd")}
    within = inside.lines(inside.taken_away(names[0], split.reported(), progress), spikes)
    text = page.page(curves, names, broken, costs, through_fit, within)
    write_bytes(document, text.encode())
    return text


_STATEMENT = (
    "Tasks of families not trained on. Expected score of the best of k trials, chosen on tuning problems and scored on "
    "others; lower is better. Dashed: the rate alone is searched."
)


def curves_of(tasks: Iterable[str], who: list[Entrant], folder: Path, progress: Callable[[str], None]) -> page.Curves:
    """{metric: {label: {task: curve}}}."""
    found: dict[str, dict[str, dict[str, Curve]]] = {metric: {} for metric in SHOWN}
    for task in tasks:
        for one in who:
            progress(f"{task}: {one.label}")
            for metric, scores in measure(task, one, folder).items():
                found[metric].setdefault(one.label, {})[task] = curve(task, one.label, scores)
    return found


def _panels(curves: page.Curves) -> dict[str, dict[str, Curve]]:
    groups = {"all reported tasks": split.reported(), **split.REPORTED}
    mine = {label: of for label, of in curves["mean_log"].items() if UNTUNED not in label}
    return {
        title: {label: together([of[task] for task in tasks]) for label, of in mine.items()}
        for title, tasks in groups.items()
    }


def _along(names: list[str], folder: Path) -> list[breaks.Subject]:
    """The generalists, then Adam as it was tuned."""
    learned = [breaks.Subject(name, optimizers.get(name), functools.partial(_defaults, name)) for name in names]
    tuned = functools.partial(breaks.taken_along, folder=folder)
    return [*learned, breaks.Subject("adam, tuned", optimizers.get("adam"), tuned)]


def _defaults(name: str, task: str) -> dict[str, Any]:
    return dict(optimizers.get(name).defaults)


def _table(curves: page.Curves) -> str:
    rows = [
        {"metric": metric, "optimizer": label, "task": task, "trials": k, "score": v, "low": low, "high": high}
        for metric, by_label in curves.items()
        for label, by_task in by_label.items()
        for task, one in by_task.items()
        for k, v, low, high in zip(KS, *intervals(one), strict=True)
        if v == v
    ]
    return pd.DataFrame(rows).to_csv(index=False, float_format="%.5g")
