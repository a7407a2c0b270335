"""Clipping: knees and asymptotes at random constants, early and late, and none where none is."""

import math

import numpy as np
import pytest
from probe_samples import BETA, RATE, RHO, SCALE, THRESHOLD, close, memoryless, probe, value

from bench.probes.controls import planted
from bench.probes.controls.catalog import visited
from bench.probes.mechanisms.clipping import history_exponent, soft_clip


@pytest.mark.parametrize("scale", [1.0, SCALE])
def test_hard_clip(scale):
    material = visited()._replace(gradients=scale * visited().gradients)
    reading = probe("clipping", planted.clip(scale * THRESHOLD, RATE), material)
    assert reading.verdict == "present"
    assert value(reading, "knee") == close(scale * THRESHOLD)
    assert value(reading, "half_point") == close(2 * scale * THRESHOLD)
    assert value(reading, "slope") == close(RATE)
    beyond = np.mean(np.abs(material.gradients) > value(reading, "knee"))
    assert value(reading, "share_beyond") == close(beyond)
    shares = reading.values["share_beyond"]
    assert shares["low"] <= shares["value"] <= shares["high"]


def test_tanh_clip():
    reading = probe("clipping", planted.tanh_clip(THRESHOLD, RATE))
    assert reading.verdict == "present"
    assert value(reading, "knee") == close(THRESHOLD)
    assert value(reading, "asymptote") == close(THRESHOLD * RATE)


def test_a_clip_that_nothing_reaches_is_no_mechanism():
    reading = probe("clipping", planted.clip(20.0))
    assert reading.verdict == "absent"
    assert "no gradient reached it" in reading.sentence


@pytest.mark.parametrize(
    "optimizer",
    [
        planted.sgd(RATE),
        planted.heavy_ball(RATE, BETA),
        planted.cosine(),
        planted.still(),
        planted.rmsprop(rho=RHO),
        planted.adam(),
    ],
)
def test_no_clipping(optimizer):
    assert probe("clipping", optimizer).verdict == "absent"


def test_early_and_late_gradients_are_counted_apart():
    """One run of large gradients for 20 steps and small ones after, one of small ones alone."""
    size = np.array([[5.0] * 10 + [0.5] * 40, [0.5] * 50])
    material = visited()._replace(gradients=size.reshape(-1), horizon=50)
    reading = probe("clipping", memoryless(lambda g, t: -RATE * np.clip(g, -2, 2)), material)
    assert value(reading, "share_beyond") == close(0.1)
    assert value(reading, "share_beyond_early") == close(0.25)
    assert value(reading, "share_beyond_late") == 0
    shares = reading.values["share_beyond_early"]
    assert (shares["low"], shares["high"]) == (0.0, 0.5)


def test_the_initial_state_has_its_own_knee():
    def curve(g, t):
        knee = THRESHOLD if t else THRESHOLD / 2
        return -RATE * knee * np.tanh(g / knee)

    reading = probe("clipping", memoryless(curve))
    assert value(reading, "knee") == close(THRESHOLD)
    assert value(reading, "knee_initial") == close(THRESHOLD / 2)
    assert value(reading, "asymptote_initial") == close(RATE * THRESHOLD / 2)
    size = np.abs(visited().gradients).reshape(4, 200)[:, :20]
    assert value(reading, "share_beyond_initial") == close(np.mean(size > THRESHOLD / 2))


@pytest.mark.parametrize("seed", range(4))
def test_soft_clip_at_random_constants(seed):
    rng = np.random.default_rng(seed)
    rate, knee = 10 ** rng.uniform(-3, 0), 10 ** rng.uniform(-1, 0.8)
    reading = probe("clipping", memoryless(lambda g, t: -rate * knee * np.tanh(g / knee)))
    assert reading.verdict == "present"
    for name in ("", "soft_clip_"):
        assert value(reading, f"{name}asymptote") == close(rate * knee)
        assert value(reading, f"{name}slope") == close(rate)
    assert value(reading, "soft_clip_r2") == pytest.approx(1, abs=1e-9)


def test_soft_clip_of_a_line_has_no_asymptote():
    points = np.geomspace(1e-3, 10, 50)
    found = soft_clip(points, -0.3 * points)
    assert found.asymptote == np.inf
    assert (found.slope, found.r2) == (close(-0.3), close(1))


def test_soft_clip_of_a_hard_one_is_near_and_says_how_near():
    points = np.geomspace(1e-2, 100, 200)
    found = soft_clip(points, np.minimum(points, 1.0))
    assert found.asymptote == pytest.approx(1, rel=0.05)
    assert 0.98 < found.r2 < 0.9999


def test_soft_clip_of_nothing():
    assert np.isnan(soft_clip(np.ones(3), np.zeros(3))).all()


@pytest.mark.parametrize(
    ("small", "large", "exponent"),
    [(0.1, 1.0, 0.5), (2.0, 2.0, 0.0), (math.inf, 1.0, -math.inf), (1.0, math.inf, math.inf)],
)
def test_a_knee_after_one_history_alone_shifts_without_end(small, large, exponent):
    assert history_exponent(small, large) == pytest.approx(exponent)


@pytest.mark.parametrize(("small", "large"), [(math.inf, math.inf), (math.nan, 1.0), (1.0, math.nan), (0.0, 1.0)])
def test_without_a_knee_there_is_no_exponent(small, large):
    assert math.isnan(history_exponent(small, large))
