"""The check command: what ships passes, output and exit codes, nothing heavy for its help."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner

import optimizers.registry
import tasks
import tasks.base
from bench.checks import check, differences, find, lists
from bench.checks.result import go_through, text
from bench.checks.task_case import TaskCase
from bench.commands.check import command
from bench.engine import graphs
from bench.errors import UserError
from bench.lookup import plugins
from bench.lookup.named import NamedTask
from tasks import tf

ROOT = Path(__file__).parents[1]
FAULTS = ROOT / "tests" / "faults"


@pytest.fixture(autouse=True)
def _own_registries(monkeypatch):
    for module in (tasks.base, optimizers.registry):
        monkeypatch.setattr(module, "_registry", dict(module._registry))
    monkeypatch.setattr(plugins, "_loaded", {})


def run(*arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments])


SHIPPED = ("rosenbrock", "quadratic-noisy", "momentum", "gru-rosenbrock")
"""A noise-free and a stochastic task, a Keras class, weights; `python -m bench check` is for all."""


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_passes(name):
    assert [result for result in check(name) if not result.passed] == []


def test_objects_are_subjects_too():
    results = check(keras.optimizers.SGD(0.01, momentum=0.5))
    assert {result.subject for result in results} == {"sgd"}
    assert all(result.passed for result in results)


def test_a_fault_is_exit_code_1_with_the_remedy():
    done = run(FAULTS / "vector_loss.py", "--format", "text")
    assert done.exit_code == 1
    assert "FAILED  task       faulty  (2 of 3 checks)" in done.stdout
    assert "scalar: loss returns shape (3,), not a scalar; reduce it" in done.stdout
    assert done.stdout.endswith("1 checked, 1 failed\n")


@pytest.mark.parametrize(("shift", "warned"), [(0.0, True), (0.02, True), (2.0, False)])
def test_a_minimum_at_the_origin_is_a_warning_and_no_failure(shift, warned):
    task = kinked(lambda x: tf.reduce_sum(tf.square(x - shift)), [1.0, -1.0])
    (result,) = go_through([check for check in lists.TASK_CHECKS if check.name == "origin"], "kinked", "task", task)
    assert result.passed
    assert result.text.startswith("parameters of zero leave") == warned
    report = text([result])
    assert report.endswith("1 checked, all passed")
    assert ("warning, origin: parameters of zero leave" in report) == warned


def test_json_has_a_row_per_check():
    done = run("--import", FAULTS / "vector_loss.py", "--tasks", "faulty", "--format", "json")
    rows = json.loads(done.stdout)
    assert [row["passed"] for row in rows] == [True, True, False]
    assert set(rows[0]) == {"subject", "kind", "check", "passed", "text"}


def test_every_subject_is_found_once():
    found = find(["rosenbrock", "rosenbrock", "sgd", str(FAULTS / "vector_loss.py")])
    assert [(s.kind, s.name) for s in found] == [("task", "rosenbrock"), ("optimizer", "sgd"), ("task", "faulty")]


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        ("rosenbrok", "unknown name 'rosenbrok', .*did you mean 'rosenbrock'"),
        ("nowhere.py", "cannot import nowhere.py: no such file"),
        ("rosenbrock[height=2]", "its settings are"),
    ],
)
def test_mistakes(thing, words):
    with pytest.raises((UserError, tasks.TaskError), match=words):
        find([thing])


def test_a_file_that_registers_nothing(tmp_path):
    path = tmp_path / "empty.py"
    path.write_text("x = 1\n")
    with pytest.raises(UserError, match="registers no task and no optimizer; call register"):
        find([str(path)])


def test_help_and_import_load_no_tensorflow():
    code = (
        "import sys, bench, bench.commands.check as c\n"
        "from click.testing import CliRunner\n"
        "assert CliRunner().invoke(c.command, ['--help']).exit_code == 0\n"
        "print([n for n in ('tensorflow', 'keras') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def kinked(loss, start):
    """A task on a vector that starts at `start` plus a little."""

    class Kinked(tasks.Task):
        def sample(self, key):
            jitter = 0.01 * tf.random.stateless_normal([len(start)], key, alg="philox")
            return tf.constant(start, tf.float32) + jitter, ()

    Kinked.loss = lambda self, params, data, batch: loss(params)
    Kinked.__abstractmethods__ = frozenset()
    return TaskCase(NamedTask("kinked", Kinked()))


ILL = np.logspace(-4, 4, 20).astype("float32")


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: tf.reduce_sum(tf.abs(x)),
        lambda x: tf.reduce_sum(tf.nn.relu(x - 0.995)) + tf.reduce_mean(x),
        lambda x: 1e4 + tf.reduce_sum(ILL * x * x),
        lambda x: tf.reduce_sum(tf.constant(ILL) * tf.sin(10.0 * x)),
        lambda x: 1e-9 * tf.reduce_sum(tf.exp(x)),
    ],
)
def test_no_false_alarm_at_kinks_in_ill_conditioning_or_offset(loss):
    differences.finite_differences(kinked(loss, np.ones(20)))


def test_random_operations_are_told_apart():
    key = tf.TensorSpec([2], tf.int32)
    unkeyed = {
        "philox": lambda k: tf.random.stateless_normal([2], k, alg="philox"),
        "whole numbers": lambda k: tf.random.stateless_uniform([2], k, 0, 9, tf.int32, alg="philox"),
        "shuffle": lambda k: tf.random.experimental.stateless_shuffle(tf.range(4), k, alg="philox"),
        "auto": lambda k: tf.random.stateless_normal([2], k),
        "threefry": lambda k: tf.random.stateless_normal([2], k, alg="threefry"),
        "global": lambda k: tf.random.normal([2]),
    }
    found = [bool(graphs.unkeyed_draws(graphs.trace(f, key))) for f in unkeyed.values()]
    assert found == [False, False, False, True, True, True]
    assert all(graphs.random_draws(graphs.trace(f, key)) for f in unkeyed.values())
    assert not graphs.random_draws(graphs.trace(lambda k: k + 1, key))
