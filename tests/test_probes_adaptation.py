"""Adaptation: laws at random constants; saturation, in g or in the memory, is not adaptation."""

import numpy as np
import pytest
from probe_samples import BETA, EPSILON, RATE, RHO, THRESHOLD, close, memoryless, one_state, probe, value

from bench.probes.controls import planted
from bench.probes.controls.networks import untrained_gru
from bench.probes.dynamics.system import System
from bench.probes.mechanisms.rate_changes import common, relative


def words(reading):
    return tuple(reading.values[name] for name in ("shape", "bounded", "kind"))


def two_states(rule):
    """`rule(a, b, g) -> (a', b', dx)` of NumPy arrays."""

    def function(h, g, t):
        a, b, dx = rule(h[:, 0], h[:, 1], g)
        return np.stack([a, b], axis=1), dx

    return System(function, np.zeros(2))


def test_rmsprop_adapts_as_one_over_g():
    reading = probe("adaptation", planted.rmsprop(RATE, RHO))
    assert reading.verdict == "present"
    assert words(reading) == ("falls", False, "size")
    assert value(reading, "slope") == close(-1)
    assert value(reading, "law") == close(-1)
    gradients = np.array(reading.values["gradients"])
    np.testing.assert_allclose(reading.values["secants"], RATE / gradients, rtol=1e-3)
    for name in ("at_zero", "centred"):
        np.testing.assert_allclose(reading.values[name], [gradients[0] / gradients] * 2, rtol=1e-3)
    assert value(reading, "reference") == close(gradients[0]), "at rest, without gradients, it has no rate"


def test_adam_adapts_as_one_over_g():
    reading = probe("adaptation", _adam(RATE, BETA))
    assert reading.verdict == "present"
    assert words(reading) == ("falls", False, "size")
    assert value(reading, "law") == close(-1)


def _adam(rate, beta):
    def rule(m, v, g):
        m, v = beta * m + (1 - beta) * g, 0.99 * v + 0.01 * g * g
        return m, v, -rate * m / (np.sqrt(v) + 1e-8)

    return two_states(rule)


@pytest.mark.parametrize(
    "optimizer",
    [
        memoryless(lambda g, t: -RATE * g),
        one_state(lambda v, g, t: (BETA * v - RATE * g, BETA * v - RATE * g)),
        memoryless(lambda g, t: -RATE * np.clip(g, -THRESHOLD, THRESHOLD)),
        memoryless(lambda g, t: -RATE * np.tanh(g / THRESHOLD)),
        memoryless(lambda g, t: -RATE * np.cos(t / 200) * g),
        memoryless(lambda g, t: 0 * g),
    ],
    ids=["descent", "heavy ball", "clip", "tanh clip", "schedule by step", "still"],
)
def test_no_adaptation(optimizer):
    reading = probe("adaptation", optimizer)
    assert reading.verdict == "absent"
    assert value(reading, "change") == close(1)
    assert words(reading) == ("steady", None, None)


def test_of_a_schedule_that_has_ended_nothing_is_claimed():
    """The state s = 1 / (1 + t) is the rate: little of it is left where it rests."""
    reading = probe("adaptation", one_state(lambda s, g, t: (s / (1 + s), -RATE * s * g), start=1.0))
    assert reading.verdict == "undecided"
    assert "of its largest update: a schedule has ended" in reading.sentence


def test_a_clip_saturates_without_adapting():
    reading = probe("adaptation", memoryless(lambda g, t: -RATE * np.clip(g, -0.01, 0.01)))
    assert value(reading, "slope") < -0.4
    assert reading.verdict == "absent"


def test_an_accumulator_without_fixed_points_is_measured_against_equally_many_steps():
    def rule(total, g, t):
        total = total + g * g
        return total, -RATE * g / (1e-4 + np.sqrt(total))

    reading = probe("adaptation", one_state(rule))
    assert reading.verdict == "present"
    assert words(reading) == ("falls", False, "size")
    assert value(reading, "law") == pytest.approx(-1, abs=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_rmsprop_at_random_constants(seed):
    rng = np.random.default_rng(seed)
    rate, rho = 10 ** rng.uniform(-3, 0), rng.uniform(0.8, 0.99)
    epsilon = 10 ** rng.uniform(-3, 0)

    def rule(v, g, t):
        v = rho * v + (1 - rho) * g * g
        return v, -rate * g / (np.sqrt(v) + epsilon)

    reading = probe("adaptation", one_state(rule))
    gradients = np.array(reading.values["gradients"])
    np.testing.assert_allclose(reading.values["secants"], rate / (gradients + epsilon), rtol=1e-3)
    law = epsilon / (np.sqrt(rho) * gradients + epsilon)
    np.testing.assert_allclose(reading.values["at_zero"], [law, law], rtol=1e-3)
    assert value(reading, "rate_at_rest") == close(rate / epsilon)
    assert value(reading, "change") == close(law[-1])
    assert value(reading, "reference") == 0
    assert value(reading, "asymmetry") < 1e-6
    assert reading.verdict == "present"
    assert words(reading) == ("falls", False, "size")


@pytest.mark.parametrize("seed", range(3))
def test_an_average_of_gradients_follows_their_persistence(seed):
    """a (f + (1 − f) / (1 + b |m|)), of which f is left under the largest; m with the gradient that is answered."""
    rng = np.random.default_rng(seed)
    strength, decay, floor = 10 ** rng.uniform(0, 1.5), rng.uniform(0.8, 0.98), rng.choice([0.0, 0.3])

    def rule(m, g, t):
        m = decay * m + (1 - decay) * g
        return m, -RATE * (floor + (1 - floor) / (1 + strength * np.abs(m))) * g

    reading = probe("adaptation", one_state(rule))
    assert reading.verdict == "present"
    assert words(reading) == ("falls", floor > 0, "persistence")
    assert value(reading, "alternating") > 3 * value(reading, "change")


@pytest.mark.parametrize("seed", range(3))
def test_a_rate_that_follows_agreement_of_signs(seed):
    rng = np.random.default_rng(seed)
    factor, decay = rng.uniform(1.4, 5), rng.uniform(0.7, 0.97)

    def rule(s, last, g):
        return decay * s + (1 - decay) * np.sign(g * last), g, -RATE * factor**s * g

    reading = probe("adaptation", two_states(rule))
    assert reading.verdict == "present"
    assert words(reading) == ("rises", True, "sign agreement")
    assert value(reading, "change") == close(factor)
    assert value(reading, "alternating") == close(1 / factor)
    assert "sign agreement" in reading.sentence


def test_a_rise_that_large_gradients_end():
    def rule(s, m, g):
        s, after = 0.9 * s + 0.1 * np.sign(g * m), 0.9 * m + 0.1 * g
        return s, after, -RATE * 2.5**s / (1 + np.abs(m)) * g

    reading = probe("adaptation", two_states(rule))
    assert reading.verdict == "present"
    assert words(reading) == ("rises, then falls", False, "sign agreement")
    assert 2.2 < value(reading, "change") < 2.5


@pytest.mark.parametrize("seed", range(4))
def test_a_memory_that_saturates_does_not_adapt(seed):
    """Also where no single gradient met brings the velocity back."""
    rng = np.random.default_rng(seed)
    rate, beta = 10 ** rng.uniform(-2, 0), rng.uniform(0.5, 0.97)
    limit = rng.uniform(0.2, 1) * rate / (1 - beta)

    def rule(v, g, t):
        v = limit * np.tanh((beta * v - rate * g) / limit)
        return v, v

    reading = probe("adaptation", one_state(rule))
    assert min(map(min, reading.values["at_zero"])) < 0.8, "the rate at zero does fall"
    assert value(reading, "change") == pytest.approx(1, abs=0.02)
    assert reading.verdict == "absent"


def test_saturation_of_what_a_memory_shows_does_not_adapt():
    def rule(v, g, t):
        v = BETA * v - RATE * g
        return v, 0.3 * np.tanh(v / 0.3)

    reading = probe("adaptation", one_state(rule))
    assert min(map(min, reading.values["at_zero"])) < 0.1
    assert reading.verdict == "absent"


def test_one_armed_adaptation_is_not_claimed():
    """The rate falls for positive gradients only: both arms are reported, nothing is claimed."""

    def rule(v, g, t):
        v = RHO * v + (1 - RHO) * np.maximum(g, 0) ** 2
        return v, -RATE * g / (np.sqrt(v) + EPSILON)

    reading = probe("adaptation", one_state(rule))
    positive, negative = reading.values["at_zero"]
    assert positive[-1] < 0.1
    assert negative[-1] == close(1)
    assert value(reading, "asymmetry") > 0.5
    assert reading.verdict == "undecided"


def test_signs_of_gradients_have_no_rate():
    reading = probe("adaptation", memoryless(lambda g, t: -RATE * np.sign(g)))
    assert reading.verdict == "undecided"
    assert "not differentiable" in reading.sentence


def test_a_rate_that_never_settles_is_not_judged():
    reading = probe("adaptation", one_state(lambda s, g, t: (s + g / 7, -RATE * (1 + 0.5 * np.sin(s)) * g)))
    assert reading.verdict == "undecided"
    assert "of 11 constant gradients lead to a settled rate" in reading.sentence


@pytest.mark.parametrize("seed", range(4))
def test_untrained_networks_do_not_adapt(seed):
    reading = probe("adaptation", untrained_gru(seed, 8, output_scale=1.0))
    assert reading.verdict != "present", reading.sentence


def test_what_is_common():
    fall = np.log([[1, 0.5, 0.1], [1, 0.6, 0.3]])
    np.testing.assert_allclose(np.exp(common(fall)), [1, 0.6, 0.3])
    np.testing.assert_allclose(common(np.log([[1, 0.5], [1, 2.0]])), [0, 0])
    assert np.isnan(common(np.array([[0.0, np.nan], [0.0, 1.0]]))).tolist() == [False, True]


def test_rates_relative_to_rest():
    with np.errstate(invalid="ignore"):
        found = relative(np.array([[2.0, 4.0, -1.0], [np.nan, 1.0, 1.0]]), 0)
    assert found[0].tolist() == pytest.approx([0, np.log(2), np.log(1e-9)])
    assert np.isnan(found[1]).all()
