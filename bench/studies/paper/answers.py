"""What the adaptation probe answers about every shipped network, or what keeps it from an answer.

Networks of a group of the plan have been read already; here the others are, by this one probe, on the task that they
were trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.lookup import resolve
from bench.probes import run
from bench.probes.reading import PRESENT, UNDECIDED
from bench.reports.readings import doubt, sentence
from bench.scores.numbers import power, significant
from bench.studies.paper.evidence import Measured
from bench.studies.paper.measure import Place, about
from bench.studies.paper.plan import GROUPS, LINEAR, TASKS
from bench.studies.paper.races import STEPS
from optimizers import Entry, shipped
from optimizers.weights_file import read_card

PROBE = "adaptation"
KIND = "answers"
"""The folder of their files, and what their seconds are counted as."""


class Other(NamedTuple):
    """A network of no group, and the task that it is asked on."""

    task: str
    path: Path


class Answer(NamedTuple):
    """A row of answers.csv; `why`: what keeps the probe from an answer, empty where it has one."""

    network: str
    task: str
    verdict: str
    shape: str = ""
    change: str = ""
    ends: str = ""
    follows: str = ""
    discovered: str = ""
    why: str = ""


def others(tasks: Iterable[str], folder: Path = shipped.FOLDER) -> list[Other]:
    """Shipped networks of no group. Those trained on a mixture are asked on linear regression, and those of tasks
    without claims only if all tasks with claims are in `tasks`.
    """
    chosen = set(tasks)
    grouped = {name for group in GROUPS for task in TASKS for name in group.names(task)}
    paths = [path for path in sorted(folder.glob("*.npz")) if path.stem not in grouped]
    found = [Other(_home(path), path) for path in paths]
    return [other for other in found if other.task in chosen or (chosen >= set(TASKS) and other.task not in TASKS)]


def _home(path: Path) -> str:
    tasks = read_card(path)["tasks"]
    return str(tasks[0]) if len(tasks) == 1 else LINEAR


def left(asked: Sequence[Other], out: Path) -> list[tuple[str, str]]:
    """(kind of part, task) of those that `out` holds no answer of, as `bench.studies.paper.plan.left` has them."""
    missing = [other for other in asked if not (out / KIND / f"{other.path.stem}@{other.task}.json").is_file()]
    return [("readings", other.task) for other in missing]


def measure(
    asked: Sequence[Other], out: Path, *, make: bool = True, progress: Callable[[str], Any] = lambda text: None
) -> tuple[list[Answer], dict[tuple[str, str, str], float]]:
    """Answers, and seconds by (task, part, network); each in a file of its own, read from there the next time."""
    answers: list[Answer] = []
    seconds: dict[tuple[str, str, str], float] = {}
    for other in asked:
        place = Place(resolve.named_task(other.task), out, 0, progress, {}, make)
        answers.append(_asked(place, shipped.load_entry(other.path)))
        seconds |= {(other.task, *key): spent for key, spent in place.seconds.items()}
    return answers, seconds


def _asked(place: Place, entry: Entry) -> Answer:
    subject = place.subject

    def read() -> dict[str, Any]:
        found = run.probe(subject, entry, dict(entry.defaults), probes=[PROBE], steps=STEPS)
        return {"optimizer": entry.name, "task": subject.name, "readings": {PROBE: found[PROBE].to_json()}}

    part = place.if_there(KIND, entry, about(subject, entry), read)
    return answer(entry.name, subject.name, part.get("readings", {}), part.get("failed", ""))


def of_groups(measured: Measured) -> list[Answer]:
    """Answers about the networks that are judged, from their readings."""
    return [
        answer(seed.name, on.task, seed.readings, seed.failed)
        for on in measured.values()
        for seeds in on.groups.values()
        for seed in seeds
    ]


def answer(network: str, task: str, readings: Mapping[str, Any], failed: str = "") -> Answer:
    """The row of one network; a reading that is not there, or whose controls failed, is no answer."""
    reading = readings.get(PROBE)
    if reading is None:
        return Answer(network, task, UNDECIDED, why=failed or "not measured yet")
    if reading["verdict"] == UNDECIDED:
        return Answer(network, task, UNDECIDED, why=sentence(PROBE, reading))
    if amiss := doubt(reading.get("controls") or []):
        return Answer(network, task, UNDECIDED, why=amiss)
    values = reading["values"]
    change = f"×{significant(values['change']['value'])}"
    if reading["verdict"] != PRESENT:
        return Answer(network, task, reading["verdict"], "steady", change)
    ends = "levels off" if values["bounded"] else f"goes on as |g|^{power(values['law']['value'])}"
    beyond = (reading.get("twins") or {}).get("beyond")
    discovered = "not compared" if beyond is None else "yes" if beyond else "no"
    return Answer(network, task, PRESENT, values["shape"], change, ends, values["kind"] or "not known", discovered)
