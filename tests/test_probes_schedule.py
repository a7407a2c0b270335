"""Schedules: rates, warm-up and decay at random constants, and what explains the rate along runs."""

import numpy as np
import pytest
from probe_samples import BETA, EVERY, FACTOR, RATE, RHO, TIME, WARM, close, memoryless, one_state, probe, value

from bench.probes.controls import planted
from bench.probes.mechanisms.decay import decay, warm_up
from bench.probes.mechanisms.run_rates import explained


def _step_decay(t):
    return RATE * FACTOR ** (t // EVERY)


SCHEDULES = {
    "1/t": (planted.one_over_t(RATE), lambda t: RATE / (1 + t)),
    "1/t in the state": (planted.one_over_t_state(RATE), lambda t: RATE / (1 + t)),
    "step decay": (planted.step_decay(RATE, FACTOR, EVERY), _step_decay),
    "cosine": (planted.cosine(RATE), lambda t: RATE * (1 + np.cos(np.pi * t / 200)) / 2),
    "warm-up": (planted.warm_up(RATE, WARM), lambda t: RATE * np.minimum(1, (t + 1) / WARM)),
    "warm-up in the state": (planted.warm_up_state(RATE, BETA), lambda t: RATE * (1 - BETA**t)),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name):
    optimizer, law = SCHEDULES[name]
    reading = probe("schedule", optimizer)
    rates = law(np.arange(201))
    assert reading.verdict == "present"
    np.testing.assert_allclose(reading.values["rates"], rates, rtol=1e-3, atol=1e-6 * RATE)
    assert value(reading, "peak") == close(rates.max())
    assert value(reading, "initial") == pytest.approx(rates[0], rel=1e-3, abs=1e-9)
    assert value(reading, "final") == pytest.approx(rates[-1], rel=1e-3, abs=1e-9)


@pytest.mark.parametrize("build", [planted.sgd, planted.heavy_ball, planted.clip, planted.still])
def test_no_schedule(build):
    assert probe("schedule", build()).verdict == "absent"


@pytest.mark.parametrize("seed", range(4))
def test_exponential_decay_at_random_constants(seed):
    rng = np.random.default_rng(seed)
    rate, fall, time = 10 ** rng.uniform(-3, 0), rng.uniform(0.2, 10), rng.uniform(3, 80)
    reading = probe("schedule", memoryless(lambda g, t: -rate * (1 + fall * np.exp(-t / time)) * g))
    assert value(reading, "decay_time") == close(time)
    assert value(reading, "decay_level") == close(rate)
    assert value(reading, "decay_r2") == pytest.approx(1, abs=1e-9)
    assert value(reading, "warm_up") == 0
    assert f"time constant {time:.3g}" in reading.sentence


def test_a_decay_kept_in_the_state():
    system = one_state(lambda s, g, t: (s * np.exp(-1 / TIME), -RATE * (1 + 2 * s) * g), start=1.0)
    reading = probe("schedule", system)
    assert value(reading, "decay_time") == close(TIME)
    assert value(reading, "decay_level") == close(RATE)


def test_warm_up_times():
    linear = np.minimum(1, np.arange(1, 201) / WARM)
    assert warm_up(linear) == close(0.95 * WARM - 1)
    between = pytest.approx(np.log(0.05) / np.log(BETA), abs=0.1)  # linear between steps
    assert warm_up(1 - BETA ** np.arange(201)) == between
    assert warm_up(linear[::-1]) == 0


def test_warm_up_and_decay_in_one():
    t = np.arange(201)
    rates = np.where(t < WARM, t / WARM, 0.3 + 0.7 * np.exp(-(t - WARM) / 20))
    assert warm_up(rates) == close(0.95 * WARM)
    found = decay(rates)
    assert (found.time, found.level) == (close(20), close(0.3))


def test_what_is_no_exponential_has_no_time_constant_or_says_so():
    assert np.isnan(decay(np.ones(100))).all()
    assert np.isnan(decay(np.zeros(100))).all()
    assert np.isnan(decay(np.linspace(1, 0, 100)).time)
    assert decay(_step_decay(np.arange(201))).r2 < 0.98


def test_a_schedule_explains_the_rate_along_runs():
    reading = probe("schedule", planted.cosine(RATE))
    assert value(reading, "explained_by_step") == close(1)
    assert value(reading, "explained_by_step_beyond") > 0.01
    middle = next(row for row in reading.values["run_rates"] if row["step"] == 100)
    assert (middle["low"], middle["value"], middle["high"]) == (close(RATE / 2),) * 3


def test_adaptation_along_runs_is_not_the_steps():
    """The gradients of the controls shrink with the step, so both explain RMSProp's rate alone."""

    def rule(v, g, t):
        v = RHO * v + (1 - RHO) * g * g
        return v, -RATE * g / (np.sqrt(v) + 0.01)

    reading = probe("schedule", one_state(rule))
    assert value(reading, "explained_by_gradients") > 0.9
    assert value(reading, "explained_by_step_beyond") < 0.05


def test_shares_of_what_is_explained():
    rng = np.random.default_rng(3)
    gradients = np.exp(rng.standard_normal((16, 40)))
    recent = np.ones((16, 40))
    recent[:, 1:] = gradients[:, :-1]
    steps = np.exp(-np.arange(40) / 10) + 0 * gradients
    alone, by_size, beyond = explained(gradients, steps)
    assert alone == close(1)
    assert by_size < 0.3  # means over more steps vary less, which hints at the step
    assert beyond == close(1 - by_size)
    alone, by_size, beyond = explained(gradients, 1 / recent)
    assert by_size == close(1)
    assert (alone, beyond) == (pytest.approx(0, abs=0.05), pytest.approx(0, abs=1e-6))
    assert np.isnan(explained(gradients, np.ones((16, 40)))).all()
