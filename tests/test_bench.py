"""The public face: names and shapes of what `bench` offers in Python."""

import numpy as np
import pytest

import bench
import optimizers
from bench.errors import UserError
from bench.running.tuning import draw_trials
from tasks.classic import Rosenbrock


def test_draw_is_the_problem_that_evaluate_races_on():
    params, data = bench.draw("rosenbrock", 3)
    assert isinstance(params, np.ndarray)
    assert data == ()
    frame = bench.evaluate("rosenbrock", "sgd", {"learning_rate": 1e-4}, seeds=[3], steps=1)
    x, y = params
    np.testing.assert_allclose(frame["loss"][0], (1 - x) ** 2 + 100 * (y - x * x) ** 2, rtol=1e-5)


def test_evaluate_is_tidy_and_extends():
    few = bench.evaluate("rosenbrock", "adam", seeds=range(2), steps=20)
    many = bench.evaluate(Rosenbrock(), "adam", seeds=range(5), steps=20)
    assert list(few.columns) == ["seed", "step", "loss"]
    np.testing.assert_array_equal(few, many[many["seed"] < 2])
    every = bench.evaluate("rosenbrock", "adam", seeds=[1], steps=20, record="all")
    assert list(every["step"]) == list(range(21))


def test_tune_returns_the_best_of_its_trials():
    tuned = bench.tune("rosenbrock", "momentum", trials=16, seeds=4, steps=30)
    assert len(tuned.trials) == 16
    best = tuned.trials.loc[tuned.trials["mean_loss"].idxmin()]
    assert tuned.theta["learning_rate"] == best["learning_rate"]
    assert tuned.theta["momentum"] == best["momentum"]


def test_more_trials_only_add():
    entry = optimizers.get("adam")
    assert draw_trials(entry, 10) == draw_trials(entry, 40)[:10]
    drawn = draw_trials(entry, 64)
    rates = np.log10([theta["learning_rate"] for theta in drawn])
    assert rates.min() < -4.5
    assert rates.max() > 1.0


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: bench.evaluate("rosenbrock", "sgd", {"speed": 1.0}), "has no setting speed; it has: learning_rate"),
        (lambda: bench.evaluate("rosenbrock", "sgd", steps=0), "steps must be"),
        (lambda: bench.evaluate("rosenbrock", "sgd", seeds=[]), "seeds must be"),
        (lambda: bench.evaluate("rosenbrock", "sgd", record="some"), "record must be"),
        (lambda: bench.evaluate(3, "sgd"), "3 is not a task"),
        (
            lambda: bench.evaluate("adam", "rosenbrock"),
            "'adam' is an optimizer; a task belongs there, such as rosenbrock",
        ),
        (lambda: bench.probe("rosenbrock", "adam"), "'rosenbrock' is a task; an optimizer belongs there, such as adam"),
        (lambda: bench.run("smoke", "unmade", tuning_seed=3), "a budget has no 'tuning_seed'; known: steps, seeds"),
        (lambda: bench.tune("rosenbrock", "sgd", trials=-1), "trials must be"),
        (lambda: bench.tune("rosenbrock", "sgd", metric="luck"), "unknown metric 'luck'"),
    ],
)
def test_mistakes(call, text):
    with pytest.raises(UserError, match=text):
        call()
