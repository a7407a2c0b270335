"""A race gives back a ready optimizer: the winner at its tuned θ, as Keras has it, and the line that writes it out."""

import keras
import numpy as np
import pytest
import samples
from samples import record

import bench
import optimizers
from bench.errors import UserError
from bench.records.store import Store

THETA = {"learning_rate": 0.25, "momentum": 0.5}


def kept(folder, *records):
    for one in records:
        Store(folder).write(one)
    return folder


def winner(optimizer, theta, **about):
    """A record whose losses go down faster than anybody else's."""
    runs = samples.runs(samples.curves(1.0))
    tuned = "default" if about.get("kind") == "learned" else "mean_loss"
    return record("rosenbrock", optimizer, thetas={tuned: theta}, runs={tuned: runs}, **about)


def test_the_winner_of_a_keras_class_is_that_class_at_its_tuned_settings(tmp_path):
    out = kept(tmp_path, record("rosenbrock", "sgd"), winner("momentum", THETA))
    found = bench.best(out, "rosenbrock")
    assert found.name == "momentum"
    made = found.optimizer()
    assert type(made) is keras.optimizers.SGD
    assert (float(made.learning_rate), made.momentum) == (0.25, 0.5)
    again = eval(found.code)
    assert type(again) is keras.optimizers.SGD
    assert {**again.get_config(), "name": ""} == {**made.get_config(), "name": ""}


def test_a_scheduled_winner_is_written_with_its_horizon(tmp_path):
    theta = {**optimizers.get("adam-cosine").defaults, "learning_rate": 0.1}
    theta = {key: value for key, value in theta.items() if key in optimizers.get("adam-cosine").defaults}
    found = bench.best(kept(tmp_path, winner("adam-cosine", theta)), "rosenbrock")
    steps = found.theta["horizon"]
    (held,) = Store(tmp_path).records()
    assert steps == held.cell.budget.steps
    made, again = found.optimizer(), eval(found.code)
    rates = [[float(one._learning_rate(step)) for step in range(0, int(steps), 7)] for one in (made, again)]
    np.testing.assert_array_equal(*rates)
    assert rates[0][0] > rates[0][-1]


def test_a_learned_winner_is_loaded_by_name(tmp_path):
    theta = dict(optimizers.get("gru-rosenbrock").defaults)
    found = bench.best(kept(tmp_path, winner("gru-rosenbrock", theta, kind="learned")), "rosenbrock")
    assert found.code == "optimizers.load('gru-rosenbrock')"
    assert found.optimizer().get_config()["architecture"].startswith("gru")


def test_oracles_and_what_failed_do_not_win(tmp_path):
    out = kept(tmp_path, winner("newton", {}, kind="oracle"), record("rosenbrock", "sgd"))
    assert bench.best(out, "rosenbrock").name == "sgd"


def test_the_best_of_a_kind(tmp_path):
    theta = dict(optimizers.get("gru-rosenbrock").defaults)
    out = kept(tmp_path, winner("gru-rosenbrock", theta, kind="learned"), record("rosenbrock", "sgd"))
    assert bench.best(out, "rosenbrock").name == "gru-rosenbrock"
    assert bench.best(out, "rosenbrock", kind="hand-designed").name == "sgd"
    with pytest.raises(UserError, match="no learned2 entry"):
        bench.best(out, "rosenbrock", kind="learned2")


def test_a_task_that_was_not_run_is_refused(tmp_path):
    out = kept(tmp_path, record("rosenbrock", "sgd"))
    with pytest.raises(UserError, match="has no task 'booth'; it has: rosenbrock"):
        bench.best(out, "booth")
