"""What makes tables, and what hands a suite's jobs to processes, does not load TensorFlow."""

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_CODE = """
import sys
import bench.records.store, bench.scores.leaderboard, bench.scores.statistics, bench.reports.summary
print([name for name in ("tensorflow", "keras", "scipy", "matplotlib") if name in sys.modules])
"""


def test_tables_load_neither_tensorflow_nor_anything_slow():
    done = subprocess.run([sys.executable, "-c", _CODE], capture_output=True, text=True, cwd=_ROOT, check=True)
    assert done.stdout.strip() == "[]"


_RUN = (
    "import sys, bench.commands.run, bench.running.run; print([n for n in ('tensorflow', 'keras') if n in sys.modules])"
)


def test_what_runs_a_suite_in_processes_does_not_load_it():
    done = subprocess.run([sys.executable, "-c", _RUN], capture_output=True, text=True, cwd=_ROOT, check=True)
    assert done.stdout.strip() == "[]"
