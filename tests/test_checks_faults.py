"""Planted faults: every one is found by the check meant for it, and the finding says what to change."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

import optimizers
import optimizers.registry
import tasks.base
from bench.checks import find, lists, sampling
from bench.checks.optimizer_case import OptimizerCase
from bench.checks.result import go_through
from bench.checks.task_case import TaskCase
from bench.lookup import plugins
from bench.lookup.named import NamedTask
from tasks import tf

FAULTS = Path(__file__).parent / "faults"
TASKS = {
    "batches_without_steps": ("shapes", "leading axis must be the 5 steps"),
    "constant_loss": ("finite start", "does not depend on params"),
    "convolution": ("vectorizes", "patches @ matrix"),
    "float64_data": ("dtypes", "sample gives float64"),
    "float64_inside": ("dtypes", "loss computes in float64"),
    "float64_params": ("shapes", "params are float64; cast"),
    "floor_too_high": ("floor", "below floor = 0.5; set floor"),
    "global_state": ("pure", "loss does something else at the second call"),
    "hidden_setting": ("hashable", "make Faulty a frozen dataclass"),
    "keyed_random_in_loss": ("pure", "draw them in sample or batches"),
    "keys_ignored": ("draws", "same problem for every key"),
    "missing_gradient": ("finite differences", "stop_gradient"),
    "nan_gradient": ("finite start", "gradient is nan at the start"),
    "no_evaluation": ("scalar", r"override evaluate\(params, data\)"),
    "not_a_pair": ("shapes", r"return the pair \(params, data\)"),
    "not_philox": ("draws", 'alg="philox"'),
    "numpy_random_in_loss": ("pure", "draw no numbers from Python or NumPy"),
    "python_in_loss": ("pure", "loss calls Python"),
    "random_in_loss": ("pure", "loss draws random numbers"),
    "state_of_neighbors": ("pure", "uses the variable"),
    "unhashable": ("hashable", "frozen=True"),
    "unkeyed_sample": ("draws", r"stateless_\*"),
    "vector_evaluation": ("scalar", "evaluate returns shape"),
    "vector_loss": ("scalar", "tf.reduce_sum or tf.reduce_mean"),
    "wrong_gradient": ("finite differences", "custom_gradient"),
    "wrong_in_one_tensor": ("finite differences", "directions disagree"),
}
OPTIMIZERS = {
    "broadcast_change": ("shapes", "updates hold"),
    "builds_nothing": ("builds", r"return Optimizer\(init, update\)"),
    "counts_calls": ("pure", "second call"),
    "flat_updates": ("shapes", "nested unlike params"),
    "float64_decay": ("dtypes", "update computes in float64"),
    "float64_updates": ("shapes", "float64 where params hold"),
    "growing_state": ("shapes", "state after update"),
    "keras_to_python": ("shapes", "turns it into a Python number"),
    "nan_at_zero": ("finite", "zero gradients"),
    "random_update": ("pure", "update draws random numbers"),
    "remembers_in_a_variable": ("pure", "keep what it remembers in the state"),
    "remembers_in_python": ("pure", "keep what it remembers in the state"),
    "returns_params": ("descends", "what is added to params"),
    "shape_change": ("shapes", "updates hold"),
    "space_without_default": ("builds", "space has rate but defaults do not"),
    "step_in_python": ("pure", "write tf.cast"),
}


@pytest.fixture(autouse=True)
def _own_registries(monkeypatch):
    """What a test registers is forgotten afterwards."""
    for module in (tasks.base, optimizers.registry):
        monkeypatch.setattr(module, "_registry", dict(module._registry))
    monkeypatch.setattr(plugins, "_loaded", {})


def test_every_fault_file_is_listed():
    assert sorted(p.stem for p in FAULTS.glob("*.py")) == sorted({**TASKS, **OPTIMIZERS})


@pytest.mark.parametrize(("fault", "expected"), {**TASKS, **OPTIMIZERS}.items())
def test_found(fault, expected):
    (subject,) = find([str(FAULTS / f"{fault}.py")])
    checks, view = {"task": (lists.TASK_CHECKS, TaskCase), "optimizer": (lists.OPTIMIZER_CHECKS, OptimizerCase)}[
        subject.kind
    ]
    made = [check.name for check in checks].index(expected[0]) + 1
    results = go_through(checks[:made], "faulty", subject.kind, view(subject.thing))
    failed = {result.check: result.text for result in results if not result.passed}
    name, words = expected
    assert name in failed, failed
    assert re.search(words, failed[name]), failed[name]
    assert all("\n" not in text for text in failed.values())


def test_a_shim_that_parts_from_keras_is_found(monkeypatch):
    """Plain Keras at half the rate stands for a shim that is wrong by a factor of two."""
    entry = optimizers.get("sgd")
    plain = type(entry.build).plain

    def halved(self, theta, cls=None):
        return plain(self, theta if cls else {**theta, "learning_rate": 0.005}, cls)

    monkeypatch.setattr(type(entry.build), "plain", halved)
    chosen = [check for check in lists.OPTIMIZER_CHECKS if check.name == "keras parity"]
    (result,) = go_through(chosen, "sgd", "optimizer", OptimizerCase(entry))
    assert not result.passed
    assert "from plain Keras" in result.text


@dataclass(frozen=True)
class _OfTwo(tasks.Task):
    """One of two problems, the second one rare."""

    def sample(self, key):
        rare = tf.random.stateless_uniform([], key, alg="philox") > 0.9
        return tf.where(rare, tf.ones([2]), tf.zeros([2])), ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(params)


def test_a_few_problems_that_are_the_same_by_chance_are_no_fault():
    case = TaskCase(NamedTask("rare", _OfTwo()))
    assert not case.drawn[0].numpy().any()
    sampling.by_the_key(case)
