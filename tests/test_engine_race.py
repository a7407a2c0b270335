"""The unroll: known answers, and rows that depend on nothing but their own configuration and seed."""

from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf

import optimizers
import tasks
from bench.engine import programs, tiles
from bench.engine.problems import Problems
from bench.engine.race import log_steps, race
from bench.lookup.resolve import named_task
from tasks import Task

MOMENTUM = optimizers.get("momentum")


def momentum(*rates):
    return [{"learning_rate": rate, "momentum": 0.9} for rate in rates]


def losses(task, thetas, seeds, steps=40, entry=MOMENTUM, **how):
    return race(entry, thetas, Problems(named_task(task), "report", seeds, steps), **how).runs.losses


def test_optimal_heavy_ball_and_gradient_descent_on_linear_regression():
    """Closed-form rules for eigenvalues in [1e-3, 1] (Polyak, 1964); references over 4096 problems in float64."""
    subject = named_task("linear-regression")
    for entry, theta, expected in (
        ("momentum", {"learning_rate": 3.7585, "momentum": 0.8811}, 0.046),
        ("sgd", {"learning_rate": 2 / 1.001}, 0.295),
    ):
        runs = race(optimizers.get(entry), [theta], Problems(subject, "report", range(4096), 200)).runs
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
        many = losses(task, momentum(*np.geomspace(1e-6, 1e-2, 150), 3e-4, 1e-4), [5, 2, 1, 0, *range(9, 90)])
        np.testing.assert_array_equal(few, many[[-1, -2]][:, [3, 2, 1]])

    def test_neighbours_that_blow_up(self, task):
        alone = losses(task, momentum(1e-4), range(4))
        beside = losses(task, momentum(1e30, np.nan, 1e-4, np.inf), range(4))
        np.testing.assert_array_equal(alone[0], beside[2])
        assert not np.isfinite(beside[1][:, 1:]).any()

    def test_log_and_all_record_the_same_losses(self, task):
        log, full = (losses(task, momentum(1e-4), range(3), record=record) for record in ("log", "all"))
        np.testing.assert_array_equal(log, full[:, :, log_steps(40)])


def test_summaries_agree_with_the_full_curve():
    from bench.scores.metrics import mean_log, summarize

    thetas = momentum(1e-5, 1e-3, 1e-1, 10.0)
    runs = race(MOMENTUM, thetas, Problems(named_task("rosenbrock"), "report", range(16), 100), record="all").runs
    expected = summarize(runs.steps, runs.losses)
    np.testing.assert_allclose(runs.mean_loss, expected.mean_loss, rtol=1e-4)
    spaced = log_steps(100)
    logs = mean_log(spaced, runs.losses[..., spaced], 0.0)
    np.testing.assert_allclose(runs.mean_log, logs, rtol=1e-6)
    short = slice(0, 2)  # the ones that do not blow up
    np.testing.assert_allclose(runs.mean_log[short], expected.mean_log[short], atol=0.1)
    gap = runs.mean_log[short].mean(axis=1) - expected.mean_log[short].mean(axis=1)
    assert np.abs(gap).max() < 0.02
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
    run = race(sgd, [{"learning_rate": 0.25}], Problems(subject, "report", [3], 5), record="all").runs
    from bench.engine.keys import keys
    from bench.engine.sampling import batches

    seen = batches(subject.task, keys(subject.name, "batches-report", [3]), 5)[0].numpy()
    x, expected = np.ones(2), [1.0]
    for batch in seen:
        x = x - 0.25 * (x - batch)
        expected.append(0.5 * np.sum(x**2))
    np.testing.assert_allclose(run.losses[0, 0], expected, rtol=1e-5)


@pytest.mark.parametrize("task", [n for n in tasks.names() if tasks.get(n).flexible])
def test_flexible_tasks_give_the_same_bits_in_any_tile(task):
    thetas = momentum(*np.geomspace(1e-6, 1e-1, 8))
    wide, tall = (losses(task, thetas, range(8), tile=tile) for tile in ((8, 512), (128, 64)))
    np.testing.assert_array_equal(wide, tall)


@pytest.mark.parametrize("task", ["rosenbrock", pytest.param("two-moons-small", marks=pytest.mark.slow), "mini"])
def test_where_pieces_end_moves_no_number(task, monkeypatch):
    """Light tasks take their first piece in another program than the rest; stochastic ones evaluate between steps."""
    subject = Noisy() if task == "mini" else task
    thetas = momentum(1e-3, 1.0, 1e30)
    whole = race(MOMENTUM, thetas, Problems(named_task(subject), "report", range(3), 40))
    programs.program.cache_clear()
    monkeypatch.setattr(programs, "FIRST", dict.fromkeys(programs.FIRST, 7))
    monkeypatch.setattr(programs, "PIECE", 1e-9)
    shares = []
    pieces = race(MOMENTUM, thetas, Problems(named_task(subject), "report", range(3), 40), progress=shares.append)
    programs.program.cache_clear()
    for one, other in zip(whole.runs, pieces.runs, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(shares) > 20
    assert sum(shares) == pytest.approx(9)


def test_delayed_gradients_are_those_of_earlier_parameters():
    @dataclass(frozen=True)
    class Late(Task):
        """½ x² from 1, gradients two steps late."""

        tile = (4, 4)
        delay = 2

        def sample(self, key):
            return tf.ones([1]), ()

        def loss(self, params, data, batch):
            return 0.5 * tf.reduce_sum(tf.square(params))

    x = [1.0, 1.0, 1.0]
    for _ in range(6):
        x.append(x[-1] - 0.25 * x[-3])
    got = losses(Late(), [{"learning_rate": 0.25}], [0], 6, optimizers.get("sgd"), record="all")
    np.testing.assert_allclose(got[0, 0], 0.5 * np.square(x[2:]), rtol=1e-6)


def test_an_informed_optimizer_is_handed_the_loss_and_the_horizon():
    def build(theta, loss):
        def update(gradients, state, params, step):
            left = theta["horizon"] - tf.cast(step, tf.float32)
            return -params / left, state  # a straight line to the origin, reached in the last step

        return optimizers.Optimizer(lambda params: loss(params), update)

    entry = optimizers.Entry("line", "oracle", build, {}, {"horizon": 0.0}, informed=True)
    got = losses("rosenbrock", [{"horizon": 0.0}], [0], 8, entry)
    assert got[0, 0, -1] == pytest.approx(1.0)  # f(0, 0)
    got = losses(Noisy(), [{"horizon": 0.0}], [0], 8, entry)
    assert got[0, 0, -1] == pytest.approx(0.0, abs=1e-10)


def test_losses_below_zero_are_measured_from_the_floor():
    @dataclass(frozen=True)
    class Below(Task):
        """½ x² − 3 from 1."""

        tile = (4, 4)
        floor = -3.0

        def sample(self, key):
            return tf.ones([1]), ()

        def loss(self, params, data, batch):
            return 0.5 * tf.reduce_sum(tf.square(params)) - 3.0

    run = race(
        optimizers.get("sgd"),
        [{"learning_rate": 0.5}, {"learning_rate": 1e9}],
        Problems(named_task(Below()), "report", [0], 2),
        record="all",
    ).runs
    np.testing.assert_allclose(run.mean_loss[0, 0], (1 + 1 / 4 + 1 / 16) / 3, rtol=1e-6)
    assert run.best[0, 0] == run.losses[0, 0].min() == pytest.approx(-3 + 1 / 32)
    assert list(run.diverged[:, 0]) == [-1, 1]


def test_tiles():
    task = tasks.get("rosenbrock")
    assert tiles.shape(task, 256, 32) == (256, 32)
    assert tiles.shape(task, 1024, 64) == (128, 64)
    assert tiles.shape(task, 6, 512) == (8, 512)
    assert tiles.shape(task, 1, 5) == (8, 8)
    assert tiles.shape(tasks.get("two-moons-small"), 1, 5) == (16, 16)
    assert tiles.blocks([1, 2, 3], 2) == [[1, 2], [3, 3]]


def test_switches_make_programs_of_their_own():
    thetas = [{"learning_rate": 1e-4, "momentum": 0.9, "nesterov": flag} for flag in (True, False, True)]
    mixed = losses("rosenbrock", thetas, range(3), entry=optimizers.get("nesterov"))
    np.testing.assert_array_equal(mixed[0], mixed[2])
    np.testing.assert_array_equal(mixed[1], losses("rosenbrock", momentum(1e-4), range(3))[0])
    assert np.any(mixed[0] != mixed[1])
