"""Replays: the recorded run again, with its gradients and states."""

import numpy as np

import optimizers
from bench.engine.problems import Problems
from bench.engine.race import race
from bench.engine.replay import replay
from bench.lookup.resolve import named_task

THETA = {"learning_rate": 1e-4, "momentum": 0.9}


def test_losses_gradients_and_states_of_heavy_ball():
    subject, entry = named_task("rosenbrock"), optimizers.get("momentum")
    again = replay(subject, entry, THETA, seeds=range(3), steps=6, states=True)
    run = race(entry, [THETA], Problems(subject, "report", range(3), 6), record="all").runs
    np.testing.assert_allclose(again.losses, run.losses[0, :, :6], rtol=1e-6)
    (velocity,) = again.states
    assert velocity.shape == again.gradients.shape == (3, 6, 2)
    np.testing.assert_array_equal(velocity[:, 0], 0.0)
    expected = 0.9 * velocity[:, :-1] - 1e-4 * again.gradients[:, :-1]
    np.testing.assert_allclose(velocity[:, 1:], expected, rtol=1e-5)


def test_states_are_kept_when_asked_for_only():
    subject, entry = named_task("rosenbrock"), optimizers.get("sgd")
    assert replay(subject, entry, {"learning_rate": 1e-4}, seeds=[0], steps=2).states is None


def test_a_schedule_is_told_the_replayed_run_s_length():
    subject, entry = named_task("linear-regression"), optimizers.get("momentum-linear")
    theta = dict(entry.defaults)
    again = replay(subject, entry, theta, seeds=[0], steps=5)
    run = race(entry, [theta], Problems(subject, "report", [0], 5), record="all").runs
    np.testing.assert_allclose(again.losses[0], run.losses[0, 0, :5], rtol=1e-6)
