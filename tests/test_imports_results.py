"""What makes tables does not load TensorFlow."""

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
