"""Whoever depends on more than it is handed is refused where it races and where it is checked, in the same words."""

import random
import re
import time
from dataclasses import dataclass, field

import keras
import numpy as np
import pytest
import tensorflow as tf

import bench
import optimizers
import tasks
from bench.checks import optimizer_case, result, updates
from bench.engine import purity
from bench.engine.problems import Problems
from bench.engine.race import race
from bench.errors import UserError
from bench.lookup.identity import ours
from bench.lookup.named import NamedTask
from optimizers import Entry, Optimizer
from tasks import Task

ROSENBROCK = NamedTask("rosenbrock", tasks.get("rosenbrock"))


def entry(move, init=lambda params: ()):
    """An entry called "odd" whose update adds `move(gradient, step)`."""

    def update(gradients, state, params, step):
        return tf.nest.map_structure(lambda g: -1e-5 * move(g, step), gradients), state

    return Entry("odd", "hand-designed", lambda theta: Optimizer(init, update), {}, {"learning_rate": 0.1})


def raced(made):
    return race(made, [made.defaults], Problems(ROSENBROCK, "report", range(2), 4)).runs.losses


CALLS = []
HELD = []


def counted(g, step):
    CALLS.append(1)
    return g * len(CALLS)


def remembered(g, step):
    HELD.append(g)
    return g + HELD[max(len(HELD) - 2, 0)]


def in_a_variable(g, step):
    if not CALLS:
        with tf.init_scope():
            CALLS.append(tf.Variable(1.0))
    CALLS[0].assign_add(1.0)
    return g * CALLS[0]


def late(g, step):
    CALLS.append(1)
    return g * (2.0 if len(CALLS) > 3 else 1.0)


def by_python(g, step):
    return tf.numpy_function(lambda x: x * np.float32(1.0), [g], tf.float32)


GENERATOR = np.random.default_rng()
ODD = {
    "tensorflow's draws": (lambda g, t: g * tf.random.uniform([]), r"update draws random numbers \(RandomUniform\)"),
    "a generator": (lambda g, t: g * tf.random.get_global_generator().normal([]), "update draws random numbers"),
    "keras's draws": (lambda g, t: g * keras.random.uniform([]), "update uses the variable"),
    "python's draws": (lambda g, t: g * random.random(), "update does something else at the second call"),
    "a coin of python's": (lambda g, t: g * random.choice([1.0, 2.0]), "something else at the second call"),
    "numpy's draws": (lambda g, t: g * np.random.normal(), "something else at the second call"),  # noqa: NPY002
    "a generator of numpy's": (lambda g, t: g * GENERATOR.normal(), "something else at the second call"),
    "the clock": (lambda g, t: g * (time.time() % 1), "something else at the second call"),
    "a count": (counted, "something else at the second call"),
    "a count that acts late": (late, "something else at the second call"),
    "a list": (remembered, "keep what it remembers in the state"),
    "a variable": (in_a_variable, "update uses the variable"),
    "python in the graph": (by_python, "calls Python"),
}


@pytest.fixture(autouse=True)
def _forgotten():
    CALLS.clear()
    HELD.clear()


@pytest.mark.parametrize("way", ODD)
def test_an_impure_update_is_refused(way):
    move, words = ODD[way]
    with pytest.raises(UserError) as refusal:
        raced(entry(move))
    said = str(refusal.value)
    assert re.search(words, said), said
    assert said.startswith("optimizer 'odd': ")
    assert "\n" not in said


@pytest.mark.parametrize("way", [way for way in ODD if way not in ("a list", "a count that acts late")])
def test_check_says_the_same(way):
    made = entry(ODD[way][0])
    (found,) = result.go_through(
        [result.Check("pure", updates.pure)], "odd", "optimizer", optimizer_case.OptimizerCase(made)
    )
    CALLS.clear()
    with pytest.raises(UserError) as refusal:
        raced(made)
    number = re.compile(r"\d+")
    assert number.sub("", str(refusal.value)) == number.sub("", f"optimizer 'odd': {found.text}")


def test_an_impure_init_is_named():
    with pytest.raises(UserError, match="optimizer 'odd': init draws random numbers"):
        raced(entry(lambda g, t: g, init=lambda params: tf.random.normal([])))


def test_a_memory_of_constants_is_none():
    kept = {}
    made = entry(lambda g, t: g * kept.setdefault("one", 1.0))
    assert np.all(np.isfinite(raced(made)))


def keyed(g, step):
    return g * tf.random.stateless_uniform([], tf.stack([7, step]), alg="philox")


def test_draws_by_a_key_derived_from_the_step_are_a_function():
    """The same numbers at every race, whoever else drew before; and `check` takes them as well."""
    first = raced(entry(keyed))
    random.random()
    np.testing.assert_array_equal(first, raced(entry(keyed)))
    failed = [r for r in bench.check(entry(keyed)) if not r.passed]
    assert failed == []


def test_drawing_without_using_it_is_no_fault_and_moves_nothing():
    before = random.getstate()

    def idle(g, step):
        random.random()
        return g

    raced(entry(idle))
    assert random.getstate() == before


@dataclass(frozen=True)
class Odd(Task):
    """A task with one function swapped for another."""

    swapped: dict = field(hash=False, compare=False)
    label: str = ""

    def sample(self, key):
        params = tf.random.stateless_uniform([2], key, -5.0, 5.0, alg="philox")
        return params + self.swapped.get("sample", lambda: 0.0)(), ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(params)) * (1.0 + self.swapped.get("loss", lambda: 0.0)())


VARIABLE = tf.Variable(1.0)
TASKS = {
    "tensorflow in sample": ({"sample": lambda: tf.random.normal([2])}, r"sample draws random numbers .*seed=key"),
    "numpy in sample": ({"sample": lambda: np.random.normal()}, "sample does something else"),  # noqa: NPY002
    "python behind sample": (
        {"sample": lambda: tf.ensure_shape(tf.numpy_function(lambda: np.float32(random.random()), [], tf.float32), [])},
        "something else for the same key",
    ),
    "a variable in sample": ({"sample": lambda: VARIABLE}, "sample uses the variable"),
    "tensorflow in loss": ({"loss": lambda: tf.random.normal([])}, "draws random numbers"),
    "numpy in loss": ({"loss": lambda: np.random.normal()}, "loss does something else"),  # noqa: NPY002
    "a variable in loss": ({"loss": lambda: VARIABLE}, "loss uses the variable"),
}


@pytest.mark.parametrize("way", TASKS)
def test_an_impure_task_is_refused(way):
    swapped, words = TASKS[way]
    subject, sgd = NamedTask("odd", Odd(swapped, way)), optimizers.get("sgd")
    with pytest.raises(UserError) as refusal:
        race(sgd, [sgd.defaults], Problems(subject, "report", range(2), 3))
    assert re.search(words, str(refusal.value)), str(refusal.value)
    assert str(refusal.value).startswith("task 'odd': ")


def test_a_task_that_draws_by_its_key_in_python_is_taken():
    def drawn():
        return tf.ensure_shape(tf.numpy_function(lambda: np.float32(3.0), [], tf.float32), [])

    purity.verify_task(NamedTask("odd", Odd({"sample": drawn}, "fine")))


def test_whose_code_it_is():
    assert ours(optimizers.get("adam").build)
    assert ours(optimizers.get("gru-rosenbrock").build)
    assert ours(tasks.get("randomly-scaled"))
    assert not ours(entry(keyed).build)
    assert not ours(Odd({}))


def fitting(name):
    """The first shipped task that an entry is made for, the cheap ones first."""
    needs = set(optimizers.get(name).needs)
    first = ["rosenbrock", *sorted(tasks.SHIPPED)]
    return next(tasks.get(task) for task in first if needs <= set(tasks.get(task).tags))


@pytest.mark.parametrize("name", sorted(optimizers.SHIPPED))
def test_every_shipped_entry_is_pure(name):
    for piece in purity.optimizer_pieces(purity.plan_of(fitting(name), optimizers.get(name))):
        purity.examine(piece)


@pytest.mark.parametrize("name", sorted(tasks.SHIPPED))
def test_every_shipped_task_is_pure(name):
    task = tasks.get(name)
    for piece in [*purity.loss_pieces(task), *purity.sampling_pieces(task)]:
        purity.examine(piece)
    purity.examine(purity.optimizer_pieces(purity.plan_of(task, optimizers.get("sgd")))[1])
