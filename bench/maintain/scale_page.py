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
    return f"{_HEAD}\n{numbers}\n{_core(found)}\n{_method(found)}"


_HEAD = """\
# Costs at scale

`python -m bench maintain scale` makes this page in about half an hour on an idle machine of two cores.
[cluster.md](cluster.md) explains how to run on a cluster.
"""
_METHOD = """\
## How it is measured

- *Empty job*: a call without work through `bench/running/cluster.py`. It goes from the coordinator to the scheduler,
  to a worker, to the process that would run a cell, and back. All these processes run on this machine, so the number
  is their total work. On a cluster only the work of the coordinator and of the scheduler delays other jobs.
- *Growth of the coordinator*: its peak memory after the jobs minus its peak memory before the first job. It keeps a
  record for each call in flight: four per worker thread, and at least 32.
- *Cell*: a cell with the budget of every suite (`bench/suites/protocol.py`). Its process has run another cell before,
  and compiled programs are cached.
- *Two processes, two workers*: the same cells with one and with two, measured in turns. The table compares medians over
  rounds. Every process compiles for itself.
"""
_TRIALS = """\
- *Trials*: these cells have more trials than the protocol, because a cell of a second mostly compiles.
"""
_BUSY = """\
- *Cores busy*: processor seconds per second of the one process that runs the cells. TensorFlow has more threads than
  the one that races, so two processes ask for more than two cores.
"""
_LIMIT = """\
- *Limit of this machine*: the speed-up of two independent processes. In one measurement they only count in Python. In
  the other they run the same compiled cell again and again, and share memory and caches. A run's speed-up cannot be
  more than the smaller of the two; the table gives its share of that.
"""
_LAST = """\
- `run SUITE --dry-run` prints the memory of a process if a task's data is large.
"""


def _method(found: Measured | None) -> str:
    """What the table has is explained, and nothing else."""
    there = [
        (_TRIALS, found is not None and found.trials is not None),
        (_BUSY, found is not None and any(one.busy is not None for one in found.speedups)),
        (_LIMIT, found is not None and bool(found.yardsticks)),
    ]
    return "".join([_METHOD, *(part for part, is_there in there if is_there), _LAST])


def _numbers(found: Measured) -> str:
    each, disk = found.per_job, found.disk
    rows = [
        (
            "an empty job",
            f"{each.seconds * 1e3:.2f} ms",
            f"mean of {each.jobs:,} jobs on {each.workers} workers; target: at most 5 ms",
        ),
        ("growth of the coordinator", f"{each.growth / 2**20:.0f} MiB", "during these jobs"),
        ("a cell", duration(found.seconds_per_cell), f"{found.share_compiling:.0%} of it is compiling"),
        *((f"two {s.name}", f"{s.ratio:.2f} ×", _about(s, found)) for s in found.speedups),
        *((f"two processes that {y.name}", f"{y.ratio:.2f} ×", "limit of this machine") for y in found.yardsticks),
        ("a cell on disk", f"{disk.per_cell / 1024:.0f} KiB", f"{disk.runs:.0f} recorded runs"),
        ("a recorded run on disk", f"{disk.per_run:.0f} bytes", "with its share of trials, θ and card"),
    ]
    lines = ["| item | cost | note |", "| --- | --- | --- |", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join([*lines, "", f"On {found.processor}, {found.time}, commit {found.commit}.", ""])


def _about(speedup: Speedup, found: Measured) -> str:
    """How long one of it took, how busy it was, and what share the ratio is of the most it can be."""
    parts = [f"one takes {speedup.one:.1f} s for {found.cells} cells"]
    if found.trials is not None:
        parts[0] += f" of {found.trials:,} trials"
    if speedup.busy is not None:
        parts.append(f"{speedup.busy:.2f} cores busy")
    if found.yardsticks:
        most = min(one.ratio for one in found.yardsticks)
        parts.append(f"{speedup.ratio / most:.0%} of the limit")
    return "; ".join([*parts, "target: 1.8"])


def _core(found: Measured | None) -> str:
    core = extrapolate()
    text = f"""\
## `core` with {TRIALS:,} trials on {CORES:,} cores

The table of costs (`bench/suites/timings.json`) predicts {duration(core.total)} of one core for its {core.cells}
cells, and {duration(core.longest)} for the longest cell. {CORES:,} cores finish after {duration(core.finished)}. A cell
runs on one core, so the longest cell is a lower bound: {core.longest / core.finished:.0%} of that time.
"""
    if core.unknown:
        text += f"The prediction leaves out {core.unknown} cells that are not in the table.\n"
    if found is not None:
        jobs, disk = core.cells * found.per_job.seconds, core.cells * found.disk.per_cell / 2**20
        text += (
            f"Sending the jobs takes {duration(jobs)} of it. Records need {disk:.0f} MiB of disk at the budget of the\n"
            "suite, and more with more trials.\n"
        )
    return text
