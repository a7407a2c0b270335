"""What a person waits for before anything runs, each time in a fresh process: cells on a warm cache, and commands."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from pathlib import Path

from bench.engine import process
from bench.speed import ours
from bench.speed.cells import Workload
from bench.speed.context import Context
from bench.speed.processes import Side
from bench.speed.rows import Ratio, at_most

ROOT = Path(__file__).parents[2]
STORED = "results/reference/quick"


def cell_start(context: Context, cell: Workload) -> Ratio:
    """Seconds of a first race beyond those of a second: tracing and loading from the cache; TensorFlow is there."""
    _first_and_second(cell)  # fills the cache
    waits, seconds = [], []
    for _ in range(context.rounds):
        first, second = _first_and_second(cell)
        waits.append(first - second)
        seconds.append(second)
    return Ratio(
        f"start of {cell.name}",
        "warm cache",
        tuple(waits),
        at_most(0.5),
        unit="s",
        details={"second_race": min(seconds)},
    )


def _first_and_second(cell: Workload) -> tuple[float, float]:
    side = Side()
    try:
        return side.call("startup:races", cell)
    finally:
        side.close()


def races(cell: Workload) -> tuple[float, float]:
    """Seconds of two equal races in a process that has imported TensorFlow, Keras and the engine, and done nothing."""
    process.load_tensorflow()
    for module in ("keras", "bench.engine.race"):
        importlib.import_module(module)
    return _timed(lambda: ours.engine(cell).run()), _timed(lambda: ours.engine(cell).run())


def _timed(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def command(context: Context, name: str, *arguments: str) -> Ratio:
    """Seconds of `python -m bench …`; fails if TensorFlow is imported."""
    line = [sys.executable, "-m", "bench", name, *arguments]
    if imports_tensorflow("bench", name, *arguments):
        raise RuntimeError(f"`bench {name}` imports tensorflow")
    rounds = tuple(_timed(lambda: _run(line)) for _ in range(context.rounds))
    return Ratio(f"bench {name}", "a second", rounds, at_most(1.0), unit="s", note="no TensorFlow imported")


def imports_tensorflow(module: str, *arguments: str) -> bool:
    """Whether `python -m module …` ends with tensorflow loaded; the process says so itself, as it may hush logs."""
    code = (
        "import atexit, runpy, sys; sys.argv = sys.argv[1:]; "
        "atexit.register(lambda: print('\\nloaded', 'tensorflow' in sys.modules)); "
        "runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
    )
    output = _run([sys.executable, "-c", code, module, *arguments]).stdout
    return output.rstrip().endswith("loaded True")


def _run(line: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(line, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=True)
