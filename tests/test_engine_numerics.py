"""Numbers do not depend on the user's environment, and a record says what they do depend on."""

import os
import subprocess
import sys

import pytest

from bench.engine import numerics

RACE = """
from bench.engine import process
process.load_tensorflow()
import bench, hashlib
import numpy as np, tensorflow as tf
frame = bench.evaluate("two-moons-small", "adam", {"learning_rate": 0.01}, seeds=4, steps=20, record="all")
waves = tf.constant(np.sin(np.arange(300 * 700)).reshape(300, 700), tf.float32)
product = waves @ tf.transpose(waves)  # as a task that runs without XLA has it
numbers = frame["loss"].to_numpy().tobytes() + product.numpy().tobytes()
print(hashlib.sha256(numbers).hexdigest(), numerics.fingerprint() == FOUND)
"""


def raced(**environment):
    code = f"from bench.engine import numerics\nFOUND = {numerics.fingerprint()!r}\n{RACE}"
    clean = {name: value for name, value in os.environ.items() if name not in numerics.FIXED}
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean | environment, capture_output=True, text=True, timeout=300, check=True
    )
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def plain():
    return raced()


def test_settings_of_the_environment_change_no_bit_and_are_said(plain):
    numbers, silent = plain
    settings = {"XLA_FLAGS": "--xla_cpu_enable_fast_math=true", "TF_NUM_INTRAOP_THREADS": "2"}
    settings["TF_ENABLE_ONEDNN_OPTS"] = "1"
    other, said = raced(**settings)
    assert other == numbers
    assert numbers.endswith("True\n")
    assert silent == ""
    given = ", ".join(f"{name}={settings[name]}" for name in sorted(settings))
    assert said == f"note: {given}: ignored, so that numbers do not depend on it\n"


def test_the_program_cache_of_a_user_stays():
    flag = '--tf_xla_persistent_cache_directory="a folder"'
    environment = {"TF_XLA_FLAGS": f"--tf_xla_auto_jit=2 {flag}"}
    assert numerics.differing(environment) == ["TF_XLA_FLAGS=--tf_xla_auto_jit=2"]
    numerics.fix(environment)
    assert environment["TF_XLA_FLAGS"] == flag
    assert numerics.differing(environment) == []


@pytest.mark.slow
def test_what_tensorflow_has_read_already_is_part_of_the_fingerprint():
    code = """
import os
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
import tensorflow
from bench.engine import numerics, process
process.load_tensorflow()
print(process.provenance()["numerics"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.split()[-1] == "TF_ENABLE_ONEDNN_OPTS=1"


def test_instructions_are_those_of_this_processor(tmp_path, monkeypatch):
    told = "processor\t: 0\nmodel name\t: X\nflags\t\t: fpu sse2 sse4_2 fma avx2 avx512f rdseed amx_tile\n"

    class Told(type(tmp_path)):
        def read_text(self, *_):
            return told

    monkeypatch.setattr(numerics, "Path", Told)
    monkeypatch.setattr(numerics.platform, "machine", lambda: "x86_64")
    assert numerics.fingerprint() == "x86_64 amx_tile avx2 avx512f fma sse4_2"


@pytest.mark.slow
def test_what_tensorflow_has_decided_before_is_part_of_it():
    """A script that imports TensorFlow first runs with oneDNN, which moves last digits."""
    code = "import tensorflow; from bench.engine import numerics; print(numerics.fingerprint())"
    clean = {name: value for name, value in os.environ.items() if name not in numerics.FIXED}
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean, capture_output=True, text=True, timeout=300, check=True
    )
    assert "TF_ENABLE_ONEDNN_OPTS=" in done.stdout.split()


def test_the_choice_of_compiler_options_is_part_of_the_fingerprint_where_it_counts(monkeypatch):
    environment = {numerics.VARIABLE: "wide", "XLA_FLAGS": "--xla_cpu_enable_fast_math=true"}
    monkeypatch.setattr(numerics, "_instructions", lambda: ["avx2", "avx512f"])
    assert numerics.options(environment) == "wide"
    assert numerics.differing(environment) == ["XLA_FLAGS=--xla_cpu_enable_fast_math=true"]
    numerics.fix(environment)
    assert environment["XLA_FLAGS"] == numerics.OPTIONS["wide"]
    assert numerics.differing(environment) == []
    monkeypatch.setenv(numerics.VARIABLE, "wide")
    assert "compiler=wide" in numerics.fingerprint().split()
    monkeypatch.setattr(numerics, "_instructions", lambda: ["avx2"])
    assert numerics.options(environment) == "default"
    assert "compiler=wide" not in numerics.fingerprint().split()
    numerics.fix(environment)
    assert "XLA_FLAGS" not in environment


def test_compiler_options_that_there_are_not_are_one_line(tmp_path):
    command = [sys.executable, "-m", "bench", "run", "smoke", "--out", str(tmp_path / "new")]
    environment = os.environ | {numerics.VARIABLE: "wider"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment)
    assert done.returncode == 2
    assert done.stderr == "error: OPTOSCOPE_COMPILER=wider: unknown; known: default, wide\n"
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif("avx512f" not in numerics.processor_kind(), reason="the options do nothing without AVX-512")
def test_wide_programs_give_the_same_bits_in_every_process(plain):
    (first, silent), (second, _) = raced(OPTOSCOPE_COMPILER="wide"), raced(OPTOSCOPE_COMPILER="wide")
    assert silent == ""
    assert first == second
    assert first.endswith("False\n")  # another kind of machine than the plain one
    assert first != plain[0]
