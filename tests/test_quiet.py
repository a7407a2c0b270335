"""Nothing of TensorFlow's log reaches a terminal, and nothing else is kept from it."""

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import optoscope

ROOT = Path(__file__).parents[1]
KERAS_FIRST = """
import keras
from optimizers import LogUniform, register
register("mine", keras.optimizers.SGD, space={"learning_rate": LogUniform(1e-5, 1.0)})
"""
TENSORFLOW_FIRST = """
import tensorflow as tf
from optimizers import Entry, Optimizer, register
register(Entry("still", "hand-designed", lambda theta: Optimizer(lambda p: (), lambda g, s, p, t: (-0.01 * g, s))))
"""
VERBS = """
import sys
from bench.commands import group
for arguments in {calls}:
    try:
        group.main(arguments, standalone_mode=False)
    except SystemExit:
        pass
"""
TINY = {"tasks": "rosenbrock", "optimizers": "sgd,still", "steps": 5, "seeds": 2, "trials": 2, "finalists": 0}


def said(*arguments):
    """What a Python with the usual variables of a shell, none about TensorFlow, writes to standard error, in lines."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [line for line in re.split(r"[\r\n]", done.stderr) if line.strip()]


def others(lines):
    """Those that are neither notes of ours nor progress."""
    return [line for line in lines if not line.startswith("note: ") and not re.search(r"\d%\|", line)]


@pytest.fixture
def plugins(tmp_path):
    for name, code in (("keras_first.py", KERAS_FIRST), ("tensorflow_first.py", TENSORFLOW_FIRST)):
        (tmp_path / name).write_text(code)
    return tmp_path


def test_a_run_and_its_workers(plugins):
    options = TINY | {"workers": 2, "import": plugins / "tensorflow_first.py", "out": plugins / "out"}
    lines = said("-m", "bench", "run", "smoke", *(f"--{name}={value}" for name, value in options.items()))
    assert others(lines) == []
    assert any("cells: 100%" in line for line in lines)


def test_verbs_that_load_tensorflow_and_a_plug_in_that_does_before_them(plugins):
    file = str(plugins / "keras_first.py")
    calls = (
        ["maintain", "architecture", "--check"],
        ["list", "optimizers", "--import", file],
        ["check", "mine"],
        ["probe", "mine", "--task", "booth", "--probe", "momentum", "--import", file],
        ["run", "smoke", "--dry-run", "--import", file],
        ["maintain", "floors", "booth", "--problems", "2", "--iterations", "2"],
    )
    lines = said("-c", VERBS.format(calls=calls))
    assert others(lines) == []
    assert any("checks: 100%" in line for line in lines)


@pytest.mark.parametrize(
    "code",
    [
        "import bench; bench.evaluate('booth', 'sgd', seeds=1, steps=2)",
        pytest.param(
            "import optimizers, tasks; optimizers.load('gru-rosenbrock'); tasks.get('rosenbrock').sample([0, 1])",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_notebook(code):
    assert others(said("-c", code)) == []


LOG = """WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795806052.805992   18306 cudart_stub.cc:31] Could not find cuda drivers on your machine.
E0000 00:00:1795806052.805992   18306 cuda_executor.cc:1228] INTERNAL: CUDA Runtime error
2026-01-01 10:00:00.123456: I tensorflow/core/platform/cpu_feature_guard.cc:210] This TensorFlow binary is optimized
To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with the appropriate flags.
"""
OTHER = "A module that was compiled using NumPy 1.x cannot be run in NumPy 2.0\n"


class TestQuiet:
    def test_hides_lines_of_log_and_no_others(self, capfd):
        with optoscope.quiet():
            os.write(2, LOG.encode())
            os.write(2, OTHER.encode())
        os.write(2, b"after\n")
        assert capfd.readouterr().err == f"{OTHER}after\n"

    def test_shows_everything_of_a_failure(self, capfd):
        with contextlib.suppress(OSError), optoscope.quiet():
            os.write(2, LOG.encode())
            raise OSError("no such library")
        assert capfd.readouterr().err == LOG

    def test_a_stop_is_no_failure(self, capfd):
        with contextlib.suppress(KeyboardInterrupt), optoscope.quiet():
            os.write(2, f"{LOG}{OTHER}".encode())
            raise KeyboardInterrupt
        assert capfd.readouterr().err == OTHER

    def test_a_process_that_ends_in_it_says_where(self):
        code = "import optoscope, os\nwith optoscope.quiet():\n    os.abort()"
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode < 0
        assert "Fatal Python error: Aborted" in done.stderr
        assert 'File "<string>", line 3' in done.stderr

    def test_without_a_standard_error_nothing_is_moved(self):
        command = f"{sys.executable} -c 'import optoscope\nwith optoscope.quiet():\n    print(3)' 2>&-"
        done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
        assert done.stdout == "3\n"

    def test_tensorflow_that_does_not_load_is_an_error_with_its_text(self, tmp_path):
        (tmp_path / "tensorflow.py").write_text(
            "import os\nos.write(2, b'no AVX here\\n')\nraise ImportError('broken')\n"
        )
        code = f"import sys, optoscope; sys.path.insert(0, {str(tmp_path)!r}); import tensorflow"
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 1
        assert done.stderr.startswith("no AVX here\n")
        assert done.stderr.rstrip().endswith("ImportError: broken")
