"""The unroll: known answers, and rows that depend on nothing but their own configuration and seed."""

from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf

import optimizers
from bench.engine import log_steps, race
from bench.names import named_task
from tasks import Task

MOMENTUM = optimizers.get("momentum")


def momentum(*rates):
    return [{"learning_rate": rate, "momentum": 0.9} for rate in rates]


def losses(task, thetas, seeds, steps=40, entry=MOMENTUM, **how):
    return race(
        named_task(task), entry, thetas, purpose="report", seeds=seeds, steps=steps, **how
    ).runs.losses


def test_optimal_heavy_ball_and_gradient_descent_on_linear_regression():
    """Closed-form rules for eigenvalues in [1e-3, 1] (Polyak, 1964); references over 4096 problems in float64."""
    subject = named_task("linear-regression")
    for entry, theta, expected in (
        ("momentum", {"learning_rate": 3.7585, "momentum": 0.8811}, 0.046),
        ("sgd", {"learning_rate": 2 / 1.001}, 0.295),
    ):
        runs = race(
            subject, optimizers.get(entry), [theta], purpose="report", seeds=range(4096), steps=200
        ).runs
        error = runs.mean_loss.std() / np.sqrt(4096)
        assert abs(runs.mean_loss.mean() - expected) < 1.96 * np.sqrt(2) * error


def test_log_steps():
    steps = log_steps(200)
    assert steps[0] == 0
    assert steps[-1] == 200
    assert 30 <= len(steps) <= 42
    assert np.all(np.diff(steps) > 0)
    assert list(log_steps(1)) == [0, 1]


@pytest.mark.parametrize("task", ["rosenbrock", "linear-regression", "two-moons-small"])
class TestRowsStandAlone:
    def test_rerun_permutation_and_extension(self, task):
        few = losses(task, momentum(1e-4, 3e-4), [0, 1, 2])
        np.testing.assert_array_equal(few, losses(task, momentum(1e-4, 3e-4), [0, 1, 2]))
        many = losses(
            task, momentum(*np.geomspace(1e-6, 1e-2, 150), 3e-4, 1e-4), [5, 2, 1, 0, *range(9, 90)]
        )
        np.testing.assert_array_equal(few, many[[-1, -2]][:, [3, 2, 1]])

    def test_neighbours_that_blow_up(self, task):
        alone = losses(task, momentum(1e-4), range(4))
        beside = losses(task, momentum(1e30, np.nan, 1e-4, np.inf), range(4))
        np.testing.assert_array_equal(alone[0], beside[2])
        assert not np.isfinite(beside[1][:, 1:]).any()

    def test_log_and_all_record_the_same_losses(self, task):
        log, full = (
            losses(task, momentum(1e-4), range(3), record=record) for record in ("log", "all")
        )
        np.testing.assert_array_equal(log, full[:, :, log_steps(40)])


def test_summaries_agree_with_the_full_curve():
    from bench.metrics import summarize

    thetas = momentum(1e-5, 1e-3, 1e-1, 10.0)
    runs = race(
        named_task("rosenbrock"),
        MOMENTUM,
        thetas,
        purpose="report",
        seeds=range(16),
        steps=100,
        record="all",
    ).runs
    expected = summarize(runs.steps, runs.losses)
    np.testing.assert_allclose(runs.mean_loss, expected.mean_loss, rtol=1e-4)
    np.testing.assert_allclose(runs.mean_log, expected.mean_log, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(runs.best, expected.best)
    np.testing.assert_array_equal(runs.diverged, expected.diverged)
    assert (runs.diverged[3] >= 0).all()
    assert (runs.diverged[0] == -1).all()


@dataclass(frozen=True)
class Noisy(Task):
    """Half the square of the distance to a moving point; scored at the point's mean."""

    tile = (4, 4)

    def sample(self, key):
        return tf.ones([2]), ()

    def batches(self, key, steps):
        return tf.random.stateless_normal([steps, 2], key, alg="philox")

    def loss(self, params, data, batch):
        return 0.5 * tf.reduce_sum(tf.square(params - batch))

    def evaluate(self, params, data):
        return 0.5 * tf.reduce_sum(tf.square(params))


def test_mini_batches_are_seen_and_evaluation_is_noise_free():
    subject = named_task(Noisy())
    sgd = optimizers.get("sgd")
    run = race(
        subject, sgd, [{"learning_rate": 0.25}], purpose="report", seeds=[3], steps=5, record="all"
    ).runs
    from bench.keys import keys
    from bench.sampling import batches

    seen = batches(subject.task, keys(subject.name, "batches-report", [3]), 5)[0].numpy()
    x, expected = np.ones(2), [1.0]
    for batch in seen:
        x = x - 0.25 * (x - batch)
        expected.append(0.5 * np.sum(x**2))
    np.testing.assert_allclose(run.losses[0, 0], expected, rtol=1e-5)


def test_switches_make_programs_of_their_own():
    thetas = [
        {"learning_rate": 1e-4, "momentum": 0.9, "nesterov": flag} for flag in (True, False, True)
    ]
    mixed = losses("rosenbrock", thetas, range(3), entry=optimizers.get("nesterov"))
    np.testing.assert_array_equal(mixed[0], mixed[2])
    np.testing.assert_array_equal(mixed[1], losses("rosenbrock", momentum(1e-4), range(3))[0])
    assert np.any(mixed[0] != mixed[1])
