"""Tasks in random units: the inner task behind them, spread over the decades asked for."""

import numpy as np
import pytest
import tensorflow as tf

import tasks
from bench.engine.keys import keys
from bench.engine.sampling import sample
from tasks.classic import Rosenbrock, SixHumpCamel
from tasks.random_scales import RandomlyScaled

KEY = tf.constant([3, 4])


def value_and_gradient(task, params, data):
    with tf.GradientTape() as tape:
        tape.watch(params)
        loss = task.loss(params, data, None)
    return loss.numpy(), tape.gradient(loss, params).numpy()


def test_loss_and_gradient_are_the_inner_ones_in_other_units():
    inner, wrapped = Rosenbrock(), RandomlyScaled("rosenbrock", 2.0, 1.0)
    (params, data), (scaled, its_data) = inner.sample(KEY), wrapped.sample(KEY)
    a, b = its_data["loss"].numpy(), its_data["unit"].numpy()
    assert 0.01 <= a <= 100
    assert 0.1 <= b <= 10
    np.testing.assert_allclose(scaled.numpy() * b, params.numpy(), rtol=1e-6)
    (loss, gradient), (its, its_gradient) = (
        value_and_gradient(inner, params, data),
        value_and_gradient(wrapped, scaled, its_data),
    )
    np.testing.assert_allclose(its, a * loss, rtol=1e-5)
    np.testing.assert_allclose(its_gradient, a * b * gradient, rtol=1e-3)
    np.testing.assert_array_equal(wrapped.evaluate(scaled, its_data).numpy(), its)


def test_scales_fill_their_decades_and_differ_from_problem_to_problem():
    task = RandomlyScaled("rosenbrock", 2.0, 0.5)
    _, data = sample(task, keys("spread", "metatrain", range(400)))
    loss, unit = np.log10(data["loss"].numpy()), np.log10(data["unit"].numpy())
    assert (loss.min(), loss.max()) == pytest.approx((-2, 2), abs=0.05)
    assert (unit.min(), unit.max()) == pytest.approx((-0.5, 0.5), abs=0.02)
    assert loss.mean() == pytest.approx(0, abs=0.2)  # 3 standard errors
    assert abs(np.corrcoef(loss, unit)[0, 1]) < 0.15


def test_ratios_of_a_loss_below_zero_stay_the_inner_ones():
    inner, wrapped = SixHumpCamel(), RandomlyScaled("six-hump-camel", 1.0, 0.0)
    assert wrapped.floor == inner.floor < 0
    params, data = inner.sample(KEY)
    _, its_data = wrapped.sample(KEY)
    other = params * 0.3
    gaps = [inner.loss(p, data, None) - inner.floor for p in (other, params)]
    its = [wrapped.loss(p, its_data, None) - inner.floor for p in (other / its_data["unit"], params)]
    assert its_data["unit"].numpy() == 1.0
    np.testing.assert_allclose(its[0] / its[1], gaps[0] / gaps[1], rtol=1e-5)


def test_names_floor_and_mistakes():
    named = tasks.get("randomly-scaled[task='wine',loss_decades=2]")
    assert named.floor == tasks.get("wine").floor / 100
    with pytest.raises(tasks.TaskError, match=r"loss_decades=-1\.0: it is from 0 to 10"):
        tasks.get("randomly-scaled[loss_decades=-1.0]")
