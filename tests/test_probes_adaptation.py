"""Adaptation: laws at random constants; saturation, in g or in the memory, is not adaptation."""

import numpy as np
import pytest
from probe_samples import BETA, EPSILON, RATE, RHO, THRESHOLD, close, memoryless, one_state, probe, value

from bench.probes.controls import planted
from bench.probes.controls.networks import untrained_gru
from bench.probes.dynamics.system import System
from bench.probes.mechanisms.adaptation import common_change


def test_rmsprop_adapts_as_one_over_g():
    reading = probe("adaptation", planted.rmsprop(RATE, RHO))
    assert reading.verdict == "present"
    assert value(reading, "slope") == close(-1)
    assert value(reading, "state_slope") == close(-1)
    expected = RATE / np.array(reading.values["gradients"])
    np.testing.assert_allclose(reading.values["secants"], expected, rtol=1e-3)
    local = expected / np.sqrt(RHO)
    np.testing.assert_allclose(reading.values["local_rates"], local, rtol=1e-3)


def test_adam_adapts_as_one_over_g():
    reading = probe("adaptation", planted.adam(RATE))
    assert reading.verdict == "present"
    assert value(reading, "state_slope") == close(-1)
    assert value(reading, "history_slope") == close(-1)


@pytest.mark.parametrize(
    "optimizer",
    [
        planted.sgd(RATE),
        planted.heavy_ball(RATE, BETA),
        planted.clip(THRESHOLD),
        planted.tanh_clip(THRESHOLD),
        planted.cosine(),
        planted.still(),
    ],
)
def test_no_adaptation(optimizer):
    reading = probe("adaptation", optimizer)
    assert reading.verdict == "absent"
    assert value(reading, "variation") < 1e-3


def test_a_clip_saturates_without_adapting():
    reading = probe("adaptation", planted.clip(0.01))
    assert value(reading, "slope_upper") < -0.9
    assert reading.verdict == "absent"


def _adagrad(rate):
    def rule(g, total, step):
        total = total + g * g
        return -rate * g / (np.sqrt(0.1) * 1e-3 + total**0.5), total

    return planted.optimizer(lambda x: 0 * x, rule)


def test_an_accumulator_without_fixed_points_is_judged_by_histories():
    reading = probe("adaptation", _adagrad(RATE))
    assert reading.verdict == "present"
    assert value(reading, "history_slope") < -0.8


@pytest.mark.parametrize("seed", range(3))
def test_secants_of_rmsprop_at_random_constants(seed):
    rng = np.random.default_rng(seed)
    rate, rho = 10 ** rng.uniform(-3, 0), rng.uniform(0.8, 0.99)
    epsilon = 10 ** rng.uniform(-3, 0)

    def rule(v, g, t):
        v = rho * v + (1 - rho) * g * g
        return v, -rate * g / (np.sqrt(v) + epsilon)

    reading = probe("adaptation", one_state(rule))
    gradients = np.array(reading.values["gradients"])
    law = rate / (gradients + epsilon)
    for name in ("secants", "secants_positive", "secants_negative"):
        np.testing.assert_allclose(reading.values[name], law, rtol=1e-3)
    slope = np.polyfit(np.log(gradients), np.log(law), 1)[0]
    assert value(reading, "slope") == close(slope)
    assert value(reading, "slope_negative") == close(slope)
    local = rate / (np.sqrt(rho) * gradients + epsilon)
    np.testing.assert_allclose(reading.values["local_rates"], local, rtol=1e-3)
    assert value(reading, "change") == close(local[-1] / local[0] - 1)
    assert value(reading, "change_braked") == close(value(reading, "change"))
    assert value(reading, "asymmetry") < 1e-6
    assert reading.verdict == "present"


def test_adams_law_is_in_its_state():
    reading = probe("adaptation", _adam(RATE, BETA))
    assert reading.verdict == "present"
    assert value(reading, "slope") == close(-1)
    assert value(reading, "state_share") == close(1)


def _adam(rate, beta):
    def function(h, g, t):
        m, v = beta * h[:, 0] + (1 - beta) * g, 0.99 * h[:, 1] + 0.01 * g * g
        return np.stack([m, v], axis=1), -rate * m / (np.sqrt(v) + 1e-8)

    return System(function, np.zeros(2))


def test_a_clip_of_the_gradient_is_no_part_of_the_state():
    reading = probe("adaptation", memoryless(lambda g, t: -RATE * np.clip(g, -0.01, 0.01)))
    assert value(reading, "state_share") == 0
    assert value(reading, "slope_upper") < -0.9
    assert reading.verdict == "absent"


@pytest.mark.parametrize("limit", [0.1, 0.3, 1.0])
def test_a_memory_that_saturates_does_not_adapt(limit):
    def rule(v, g, t):
        v = limit * np.tanh((BETA * v - RATE * g) / limit)
        return v, v

    reading = probe("adaptation", one_state(rule))
    assert value(reading, "change") < -0.3
    assert value(reading, "change_braked") == pytest.approx(0, abs=0.01)
    assert reading.verdict == "absent"
    assert "only while an update is carried" in reading.sentence


def test_saturation_of_what_a_memory_shows_does_not_adapt():
    def rule(v, g, t):
        v = BETA * v - RATE * g
        return v, 0.3 * np.tanh(v / 0.3)

    reading = probe("adaptation", one_state(rule))
    assert value(reading, "change") < -0.9
    assert reading.verdict == "absent"


def test_one_armed_adaptation_is_not_claimed():
    """The rate falls for positive gradients only: both arms are reported, nothing is claimed."""

    def rule(v, g, t):
        v = RHO * v + (1 - RHO) * np.maximum(g, 0) ** 2
        return v, -RATE * g / (np.sqrt(v) + EPSILON)

    reading = probe("adaptation", one_state(rule))
    assert value(reading, "slope_positive") < -0.1
    assert value(reading, "slope_negative") == pytest.approx(0, abs=1e-6)
    assert value(reading, "change") == pytest.approx(0, abs=0.01)
    assert value(reading, "asymmetry") > 0.5
    assert reading.verdict == "undecided"


@pytest.mark.parametrize("seed", range(6))
def test_untrained_networks_do_not_adapt(seed):
    reading = probe("adaptation", untrained_gru(seed, 8, output_scale=1.0))
    assert reading.verdict != "present", reading.sentence


def test_common_change():
    assert common_change(np.array([[1, 0.5, 0.1], [1, 0.6, 0.3]])) == pytest.approx(-0.7)
    assert common_change(np.array([[1, 2.0, 4.0], [1, 1.5, 2.0]])) == pytest.approx(0.5)
    assert common_change(np.array([[1, 0.5], [1, 2.0]])) == 0
    assert common_change(np.array([[np.nan, 2, 1], [3, 2, 1]])) == pytest.approx(-0.5)
    assert common_change(np.zeros((2, 4))) == 0
    assert np.isnan(common_change(np.full((2, 4), np.nan)))
