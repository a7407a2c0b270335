"""`anatomy --along`: all kept weights measured, the cause tested, three files written; goes on where it was stopped."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import UserError, check_count
from bench.lookup import identity, resolve
from bench.records import sealed
from bench.records.files import check_folder, strict, write_bytes
from bench.records.memo import digest, memo
from bench.studies.along import claim
from bench.studies.along.row import Numbers
from bench.studies.along.series import Series, load
from optimizers import Entry

if TYPE_CHECKING:
    from bench.studies.along.numbers import Place

VERSION = 1
"""Raised whenever a number can move."""
PROBLEMS, STEPS = 512, 200
Told = Callable[[str], None]


def along(
    checkpoints: Iterable[Path | str],
    task: Any,
    out: Path | str,
    *,
    seeds: int = PROBLEMS,
    steps: int = STEPS,
    progress: Told = lambda about: None,
) -> dict[str, Any]:
    """Measure kept weights on `task` and write figure, table and text into `out` -> what was measured.

    `seeds`: held-out problems of the score and of the causal test. Raises UserError, TaskError, OptimizerError.
    """
    check_count("seeds", seeds, 2)
    check_count("steps", steps, 2)
    subject, series = resolve.named_task(task), load(checkpoints)
    check_folder(Path(out))
    from bench.studies.along.numbers import Place

    found = measure(series, Place(subject, steps, seeds), Path(out), progress)
    progress("drawing")
    write(found, Path(out))
    return found


def measure(series: Sequence[Series], place: Place, out: Path, progress: Told = lambda about: None) -> dict[str, Any]:
    """All rows, the claim and its cause as plain data; what `out` has of the same weights, task and code is read."""
    kept = _Kept(out / "measured", place)
    scored = [_each(one, kept, "score", functools.partial(_scored, place), progress) for one in series]
    ages = [claim.ages({i: Numbers(**score) for i, score in each.items()}) for each in scored]
    first = series[0].entries[ages[0].grown]  # of one series, so that seeds added later move no number
    typical = float(kept.get(first, "met", functools.partial(_typical, place))["typical"])
    mechanisms = functools.partial(_mechanisms, place, typical)
    asked = [_each(one, kept, f"mechanisms at {typical!r}", mechanisms, progress) for one in series]
    rows = [
        {i: Numbers(**score, **more[i]) for i, score in each.items()} for each, more in zip(scored, asked, strict=True)
    ]
    learned = all(entry.kind == "learned" for one in series for entry in one.entries.values())
    found: dict[str, Any] = {
        "task": place.subject.name,
        "problems": place.problems,
        "steps": place.steps,
        "typical": typical,
        "series": [
            {
                "name": one.name,
                "seed": one.seed,
                **age._asdict(),
                "rows": [{"iteration": i, **row._asdict()} for i, row in each.items()],
            }
            for one, age, each in zip(series, ages, rows, strict=True)
        ],
    }
    found["lost"] = [
        _lost(kept, place, one, age, progress)
        for one, age in zip(series, ages, strict=True)
        if learned and age.young < age.grown
    ]
    return strict(found)


def write(found: Mapping[str, Any], out: Path) -> None:
    """along.png, along.csv, along.md and along.json."""
    from bench.studies.along.figure import picture
    from bench.studies.along.report import table, text

    write_bytes(out / "along.csv", table(found).encode())
    write_bytes(out / "along.png", picture(found))
    write_bytes(out / "along.md", text(found).encode())
    sealed.write(out / "along.json", found)


def _lost(kept: _Kept, place: Place, one: Series, age: claim.Ages, progress: Told) -> dict[str, Any]:
    from bench.studies.along.cause import lost

    progress(f"{one.name}: what is lost without what grew from iteration {age.young} to {age.grown}")
    young, grown = one.entries[age.young], one.entries[age.grown]

    def race(entry: Entry) -> dict[str, Any]:
        return {"pairs": [pair._asdict() for pair in lost(place, entry, young)]}

    found = kept.get(grown, f"without {identity.optimizer_definition(young)}", race)
    return {"series": one.name, "seed": one.seed, **age._asdict(), **found}


def _each(one: Series, kept: _Kept, what: str, measure: Callable, progress: Told) -> dict[int, dict[str, Any]]:
    """{iteration: what is measured of it}."""
    found = {}
    for iteration, entry in one.entries.items():
        progress(f"{what.partition(' ')[0]} of {one.name}, iteration {iteration}")
        found[iteration] = kept.get(entry, what, measure)
    return found


def _scored(place: Place, entry: Entry) -> dict[str, Any]:
    from bench.studies.along.numbers import scores, summary

    return summary(scores(place, entry, dict(entry.defaults)))


def _typical(place: Place, entry: Entry) -> dict[str, Any]:
    from bench.studies.along.numbers import met

    return {"typical": met(place, entry).typical}


def _mechanisms(place: Place, typical: float, entry: Entry) -> dict[str, Any]:
    """None where it diverges on every problem: nothing was met."""
    from bench.studies.along.numbers import mechanisms, met

    try:
        return mechanisms(met(place, entry), typical)
    except UserError:
        return {}


class _Kept:
    """Measured parts as files of a folder, each under everything that determines it."""

    def __init__(self, folder: Path, place: Place):
        self.folder = folder
        self.about = (identity.task_definition(place.subject.task), place.steps, place.problems, VERSION)

    def get(self, entry: Entry, what: str, measure: Callable[[Entry], dict[str, Any]]) -> dict[str, Any]:
        """What is kept of `what` about `entry`, measured if it is not there."""
        held = digest((self.about, what, identity.optimizer_definition(entry)))
        path = self.folder / f"{entry.name}-{what.partition(' ')[0]}-{held}.json"
        return {k: v for k, v in memo(path, held, lambda: strict(measure(entry))).items() if k != "identity"}
