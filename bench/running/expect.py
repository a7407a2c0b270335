"""How long a run takes: seconds of its jobs, the note before it, and what this machine learns from it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from bench.records.files import note
from bench.running.executor import Means
from bench.scores.numbers import duration
from bench.suites import machine
from bench.suites.forecast import forecast
from bench.suites.jobs import Job
from bench.suites.schedule import START, finish_time, life, weight
from bench.suites.waits import of_study
from bench.terminal import counted


def of_cells(cells: Sequence[Job], out: Path, workers: int) -> list[float]:
    """Seconds of each cell with its share of a process's start, for which the first of each process wait whole."""
    found = [cell.seconds + START * weight(cell.job) / life(workers) for cell in forecast(cells, out, ())]
    first = START * (len(cells) > 1 or "tensorflow" not in sys.modules)
    return [seconds + first * (number < workers) for number, seconds in enumerate(found)]


def of_readings(readings: Sequence[Job]) -> list[float]:
    """Seconds that the probes of each optimizer take; NaN where that is not known."""
    return [of_study("readings", job.subject, job.budget.steps).seconds for job in readings]


def say(cells: Sequence[float], readings: Sequence[float], means: Means) -> None:
    """A note of when jobs of so many seconds will be done, as far as that is known, before any of them is."""
    if not cells or means.dask is not None:
        return
    known, lanes = _known(cells), means.workers
    about = f"about {duration(finish_time(known, lanes) - START)}" if known else "for an unknown time"
    more = f", and {len(cells) - len(known)} of unknown cost" if known and len(known) < len(cells) else ""
    probing = duration(finish_time(_known(readings), lanes))
    probes = f", then {len(readings)} to probe: about {probing}" if readings else ""
    note(f"{counted(len(cells), 'cell')} to run on {counted(lanes, 'process')}: {about}{more}{probes}")


def learn_readings(expected: Sequence[float], took: float, means: Means) -> None:
    """Let this machine's speed follow from the seconds that all readings `took` together."""
    if expected and means.dask is None:
        spent = took * min(means.workers, len(expected))
        machine.learn([machine.Took("study", spent, sum(expected) / machine.speed("study"))])


def _known(seconds: Sequence[float]) -> list[float]:
    return [one for one in seconds if one == one]
