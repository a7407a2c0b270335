"""docs/scale.md as text, from what was measured, and the forecast of `core` with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from bench.records import sealed
from bench.scores.numbers import duration
from bench.suites import find
from bench.suites.forecast import costs, of_table, steps_computed
from bench.suites.jobs import plan
from bench.suites.schedule import finish_time

ROOT = Path(__file__).parents[2]
PAGE, NUMBERS = ROOT / "docs" / "scale.md", ROOT / "results" / "reference" / "benchmarks" / "scale.json"
CORES, TRIALS = 1000, 10_000


class PerJob(NamedTuple):
    """Empty jobs on a cluster of so many workers: seconds each, and bytes that the coordinator's memory grew by."""

    jobs: int
    workers: int
    seconds: float
    growth: int


class Speedup(NamedTuple):
    """Seconds of the same cells with one and with two of what is named; cores that the one kept busy, where known."""

    name: str
    one: float
    two: float
    busy: float | None = None

    @property
    def ratio(self) -> float:
        return self.one / self.two


class Yardstick(NamedTuple):
    """How much more two processes that do what is named get done than one, with nothing between them."""

    name: str
    ratio: float


class Disk(NamedTuple):
    """Bytes of a cell's file, the same for one of its recorded runs, and how many of those it has: means."""

    per_cell: float
    per_run: float
    runs: float


class Measured(NamedTuple):
    """What the page is about."""

    per_job: PerJob
    speedups: list[Speedup]
    seconds_per_cell: float
    share_compiling: float
    cells: int
    disk: Disk
    processor: str
    time: str
    commit: str
    trials: int | None = None
    """Of the cells of the speed-ups; None: those of the protocol."""
    yardsticks: list[Yardstick] = []  # noqa: RUF012 (never written to)

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        lists = {name: [one._asdict() for one in getattr(self, name)] for name in ("speedups", "yardsticks")}
        return {**self._asdict(), "per_job": self.per_job._asdict(), "disk": self.disk._asdict(), **lists}


class Extrapolated(NamedTuple):
    """`core` with many trials: seconds of one core for all cells, of the longest, of `CORES`, cells without a cost."""

    cells: int
    total: float
    longest: float
    finished: float
    unknown: int


def measured() -> Measured | None:
    """What was measured last; None: nothing."""
    held = sealed.read(NUMBERS, "measure again: python -m bench maintain scale")
    if held is None:
        return None
    lists = {
        "speedups": [Speedup(**one) for one in held["speedups"]],
        "yardsticks": [Yardstick(**one) for one in held.get("yardsticks", [])],
    }
    return Measured(**{**held, "per_job": PerJob(**held["per_job"]), "disk": Disk(**held["disk"]), **lists})


def extrapolate() -> Extrapolated:
    """By the table of costs, at the speed of its machine: nothing is run."""
    cells, table = plan(find.override(find.get("core"), trials=TRIALS)), costs()
    priced = [(cell, of_table(cell.subject, cell.entry, table)) for cell in cells]
    known = [
        cost.seconds(steps_computed(cell.subject, cell.entry, cell.budget)) for cell, cost in priced if cost is not None
    ]
    return Extrapolated(len(cells), sum(known), max(known), finish_time(known, CORES), len(cells) - len(known))


def page(found: Measured | None) -> str:
    """The whole page; without measurements it says so."""
    numbers = _numbers(found) if found else "**Not measured yet.**\n"
    return f"{_HEAD}\n{numbers}\n{_core(found)}\n{_TAIL}"


_HEAD = """\
# What scale costs

Made by `python -m bench maintain scale`, in about half an hour on an idle machine of two cores. How to run on a
cluster: [cluster.md](cluster.md).
"""
_TAIL = """\
## How it is measured

- *A job* is an empty call through `bench/running/cluster.py`: from the coordinator over the scheduler to a worker,
  into the process that would run a cell, and back. Scheduler and workers are processes of their own on the same
  machine, so the number is the work of all of them. On a cluster only the coordinator's and the scheduler's part
  is in the way of the others.
- *Growth* is how much more memory the coordinator has held at its peak than before the first job. It holds a
  record for each call that is under way: four a worker thread, and at least 32.
- *A cell* is of the protocol of every suite (`bench/suites/protocol.py`), in a process that has done one before,
  compiled programs kept.
- *Two processes, two workers* do cells of the same protocol with more trials, as stated: a cell of a second is mostly
  compiling, which every process does for itself. One and two take turns, and the medians of the rounds are compared.
- *Cores busy* are seconds of the processor per second, of the one process that does the cells: TensorFlow has threads
  beside the one that races, so that two processes ask for more than two cores.
- *What this machine gives*: two processes that have nothing to do with each other, against one. Some only count in
  Python; others do one cell again and again, programs made, where memory and caches are shared. Cells that are handed
  out cannot gain more than the smaller of the two, and the share of that is stated.
- `run SUITE --dry-run` says what memory a process takes where a task's data is large.
"""


def _numbers(found: Measured) -> str:
    each, disk = found.per_job, found.disk
    rows = [
        (
            "a job that does nothing",
            f"{each.seconds * 1e3:.2f} ms",
            f"of {each.jobs:,} by {each.workers} workers; asked: 5",
        ),
        ("growth of the coordinator", f"{each.growth / 2**20:.0f} MiB", "over these jobs"),
        ("a cell", duration(found.seconds_per_cell), f"{found.share_compiling:.0%} of it compiling"),
        *((f"two {s.name}", f"{s.ratio:.2f} ×", _about(s, found)) for s in found.speedups),
        *((f"two processes that {y.name}", f"{y.ratio:.2f} ×", "what this machine gives") for y in found.yardsticks),
        ("a cell on disk", f"{disk.per_cell / 1024:.0f} KiB", f"with {disk.runs:.0f} recorded runs"),
        ("a recorded run on disk", f"{disk.per_run:.0f} bytes", "its share of trials, θ and card included"),
    ]
    lines = ["| what | cost | |", "| --- | --- | --- |", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join([*lines, "", f"On {found.processor}, {found.time}, commit {found.commit}.", ""])


def _about(speedup: Speedup, found: Measured) -> str:
    """How long one of it took, how busy it was, and what share the ratio is of the most it can be."""
    parts = [f"one: {speedup.one:.1f} s for {found.cells} cells"]
    if found.trials is not None:
        parts[0] += f" of {found.trials:,} trials"
    if speedup.busy is not None:
        parts.append(f"{speedup.busy:.2f} cores busy")
    if found.yardsticks:
        most = min(one.ratio for one in found.yardsticks)
        parts.append(f"{speedup.ratio / most:.0%} of what two apart gain")
    return "; ".join([*parts, "asked: 1.8"])


def _core(found: Measured | None) -> str:
    core = extrapolate()
    text = f"""\
## `core` with {TRIALS:,} trials on {CORES:,} cores

By the table of costs (`bench/suites/timings.json`) its {core.cells} cells take {duration(core.total)} of one core, the
longest {duration(core.longest)}. On {CORES:,} cores all are done after {duration(core.finished)}. A cell is not
divided, so that the longest one bounds it: {core.longest / core.finished:.0%} of that time.
"""
    if core.unknown:
        text += f"Not counted are {core.unknown} cells that are not in the table.\n"
    if found is not None:
        jobs, disk = core.cells * found.per_job.seconds, core.cells * found.disk.per_cell / 2**20
        text += (
            f"Handing out the jobs takes {duration(jobs)} of it. Records take {disk:.0f} MiB, and more trials more.\n"
        )
    return text
