"""Keys name problems; drawing them does not depend on company."""

import numpy as np
import pytest

import tasks
from bench.engine.keys import LIMIT, PURPOSES, key, keys
from bench.engine.sampling import batches, sample
from tasks import tf


def test_key_is_a_stable_int32_pair():
    assert key("rosenbrock", "report", 3).dtype == np.int32
    assert key("rosenbrock", "report", 3).tolist() == [1181568980, 3]
    assert keys("rosenbrock", "report", range(4, 6)).tolist() == [[1181568980, 4], [1181568980, 5]]


def test_purposes_and_tasks_share_no_key_even_after_adding():
    firsts = [key(name, p, 0)[0] for name in tasks.names() for p in (*PURPOSES, "batches-report")]
    gaps = np.diff(np.sort(np.array(firsts, np.int64)))
    assert gaps.min() > 1000


def test_keys_leave_room_for_adding():
    assert (key("rosenbrock", "tune", LIMIT - 1).astype(np.int64) + 2**15 < 2**31).all()


@pytest.mark.parametrize("seed", [-1, LIMIT])
def test_seed_out_of_range_is_refused(seed):
    with pytest.raises(ValueError, match=f"seeds {seed}"):
        key("rosenbrock", "tune", seed)


def test_unknown_purpose_is_refused():
    with pytest.raises(ValueError, match="unknown purpose 'test'"):
        key("rosenbrock", "test", 0)


@pytest.mark.parametrize("name", ["linear-regression", "rosenbrock", "two-moons", "two-moons-small"])
def test_a_problem_is_bitwise_the_same_in_any_company(name):
    task = tasks.get(name)
    many = sample(task, keys(name, "report", range(5)))
    alone = sample(task, keys(name, "report", [3]))
    eager = task.sample(tf.constant(key(name, "report", 3)))
    tf.nest.assert_same_structure(alone, eager)
    for a, b, c in zip(*map(tf.nest.flatten, (many, alone, eager)), strict=True):
        assert np.array_equal(a[3], b[0])
        np.testing.assert_allclose(b[0], c, rtol=1e-6, atol=1e-6)


def test_empty_data_stays_empty():
    params, data = sample(tasks.get("rosenbrock"), keys("rosenbrock", "report", range(7)))
    assert params.shape == (7, 2)
    assert data == ()


class Noisy(tasks.Task):
    """Each step sees two indices."""

    def sample(self, key):
        return tf.random.stateless_normal([3], key, alg="philox"), ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(params))

    def batches(self, key, steps):
        return tf.random.stateless_uniform([steps, 2], key, maxval=9, dtype=tf.int32, alg="philox")


def test_batches_lead_with_problems_then_steps():
    assert batches(tasks.get("rosenbrock"), keys("rosenbrock", "batches-report", range(3)), 4) is None
    drawn = batches(Noisy(), keys("noisy", "batches-report", range(3)), 4)
    assert drawn.shape == (3, 4, 2)
    assert np.array_equal(drawn[1], batches(Noisy(), keys("noisy", "batches-report", [1]), 4)[0])
