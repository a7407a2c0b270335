"""Tuning searches something, says what, or is refused."""

import keras
import pytest

import bench
import optimizers
from bench.errors import UserError
from bench.lookup.searched import searched
from optimizers import Choice, Entry, Integer, LogUniform, Optimizer, OptimizerError

SPACE = {"learning_rate": LogUniform(1e-4, 1e-2)}


class Mine(keras.optimizers.SGD):
    """A user's class, which nobody has registered."""


def test_a_keras_class_is_searched_as_its_registered_entry(capsys):
    tuned = bench.tune("rosenbrock", keras.optimizers.Adam, trials=4, seeds=2, steps=3, finalists=0)
    assert {"learning_rate", "beta_1", "beta_2", "epsilon"} < set(tuned.trials.columns)
    assert tuned.trials["learning_rate"].nunique() == 4
    said = capsys.readouterr().err
    assert "note: adam: learning_rate, beta_1, beta_2, epsilon searched as in the registered 'adam'; space={…}" in said


def test_what_an_instance_fixes_beyond_that_stays(capsys):
    found = searched(keras.optimizers.SGD(0.3, momentum=0.5, nesterov=True))
    assert dict(found.space) == dict(optimizers.get("sgd").space)
    assert found.defaults["momentum"] == 0.5
    assert found.build.plain(found.defaults).nesterov
    assert "note: sgd: learning_rate searched" in capsys.readouterr().err


@pytest.mark.parametrize(
    "optimizer", ["adam", optimizers.get("adam"), keras.optimizers.Adam, keras.optimizers.Adam(3.0)]
)
def test_a_space_that_is_given_is_the_one_searched(optimizer, capsys):
    tuned = bench.tune("rosenbrock", optimizer, trials=4, seeds=2, steps=3, finalists=0, space=SPACE)
    assert tuned.trials.columns[1] == "learning_rate"
    assert "beta_1" not in tuned.trials.columns
    assert tuned.trials["learning_rate"].between(1e-4, 1e-2).all()
    assert tuned.theta["beta_1"] == 0.9
    assert "searched as" not in capsys.readouterr().err


def test_a_space_over_whole_numbers_of_a_class():
    class Steps(keras.optimizers.SGD):
        def __init__(self, learning_rate=0.01, repeats=1, **others):
            super().__init__(learning_rate, **others)
            self.repeats = repeats

    assert searched(Steps, {"repeats": Integer(1, 3)}).defaults["repeats"] == 1


def build(theta):
    return Optimizer(lambda params: (), lambda g, state, params, step: (g, state))


PLAIN = Entry("plain", "hand-designed", build, {}, {"rate": 1.0})


@pytest.mark.parametrize(
    ("optimizer", "name"),
    [
        (Mine, "mine"),
        (Mine(0.1), "mine"),
        (PLAIN, "plain"),
        ("gru-rosenbrock", "gru-rosenbrock"),
        ("sgd[learning_rate=0.1]", "sgd[learning_rate=0.1]"),
        (keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 100)), "sgd"),
        (keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD()), "lossscaleoptimizer"),
    ],
    ids=["class", "instance", "entry", "learned", "all-set", "schedule", "loss-scale"],
)
def test_nothing_to_search_is_refused_with_the_remedy(optimizer, name):
    with pytest.raises(UserError) as refused:
        bench.tune("rosenbrock", optimizer, trials=2, seeds=2, steps=3)
    said = str(refused.value)
    assert said.startswith(f"optimizer {name!r} has no space to search; give one, such as space={{")
    assert said.endswith("or race it as it comes: bench.evaluate")


@pytest.mark.parametrize(
    ("optimizer", "space", "said"),
    [
        ("adam", {}, r"space is \{\}; give what to search, such as space="),
        ("adam", 3, "space is 3; give what to search"),
        ("adam", {"learning_rate": (1e-4, 1.0)}, r"space of 'learning_rate' is \(0.0001, 1.0\); give one"),
        ("adam", {"rate": LogUniform(1e-4, 1.0)}, "'adam' has no setting rate to search; it has: learning_rate"),
        (keras.optimizers.SGD, {"rate": Choice((0.1, 0.2))}, "cannot sweep rate; its float settings are: learning"),
    ],
)
def test_a_space_that_is_none_is_refused(optimizer, space, said):
    with pytest.raises((UserError, OptimizerError), match=said):
        bench.tune("rosenbrock", optimizer, trials=2, seeds=2, steps=3, space=space)
