"""The momentum probe at constants drawn at random, and on nulls; exact systems in NumPy, nothing compiled."""

import math

import numpy as np
import planted_systems as planted
import pytest

from bench.probes.catalog import PROBES
from bench.probes.dynamics.fits import CRITICAL, OSCILLATING, OVERDAMPED, fit, two_poles
from bench.probes.dynamics.kernel import kernel_at
from bench.probes.mechanisms.heavy_ball import critical_curvature, joint_radius, optimal

DRAWS = range(4)
NULLS = range(10)


def read(system, **known):
    return PROBES["momentum"](planted.subject(system, **known))


def value(reading, name):
    found = reading.values[name]
    return found["value"] if isinstance(found, dict) else found


def close(number, rel=1e-3):
    return pytest.approx(number, rel=rel)


@pytest.mark.parametrize("seed", DRAWS)
def test_heavy_ball(seed):
    rng = np.random.default_rng([1, seed])
    rate, beta = 10 ** rng.uniform(-3, 1), rng.uniform(0.3, 0.99)
    reading = read(planted.heavy_balls([rate], [beta]))
    assert reading.verdict == "present"
    for name in ("", "_visited"):
        assert value(reading, "alpha" + name) == close(rate)
        assert value(reading, "beta" + name) == close(beta)
        assert value(reading, "r2" + name) == close(1)
    assert value(reading, "gain") == close(rate / (1 - beta))
    assert value(reading, "critical_curvature") == close(2 * (1 + beta) / rate)
    assert value(reading, "modes_needed") == value(reading, "eigenmodes_needed") == 1
    (mode,) = reading.values["eigenmodes"]
    assert (mode["alpha"], mode["momentum"]) == (close(rate), close(beta))
    assert mode["time_constant"] == close(-1 / math.log(beta))
    assert value(reading, "shape") == "exponential"
    assert [drift["start"] for drift in reading.values["drift_kernels"]] == [0, 20, 50, 100, 200]
    for drift in reading.values["drift_kernels"]:
        assert (drift["alpha"], drift["beta"]) == (close(rate), close(beta))


@pytest.mark.parametrize("seed", DRAWS)
def test_nesterov_is_a_heavy_ball_and_a_direct_step(seed):
    rng = np.random.default_rng([2, seed])
    rate, beta = 10 ** rng.uniform(-3, 1), rng.uniform(0.3, 0.97)
    subject = planted.subject(planted.nesterov(rate, beta))
    modes = subject.dynamics.eigenmodes
    assert (modes.alpha[0], modes.decay[0], modes.direct) == (close(rate * beta), close(beta), close(rate))
    reading = PROBES["momentum"](subject)
    assert reading.verdict == "present"
    assert value(reading, "gain") == close(rate + rate * beta / (1 - beta))
    assert reading.values["modes"][0]["decay"] == close(beta)


@pytest.mark.parametrize("seed", DRAWS)
def test_aggmos_three_modes(seed):
    rng = np.random.default_rng([3, seed])
    betas = np.array([rng.uniform(0.1, 0.5), rng.uniform(0.7, 0.9), rng.uniform(0.95, 0.99)])
    rates = 10 ** rng.uniform(-1, 0, 3)
    reading = read(planted.heavy_balls(rates, betas))
    assert reading.verdict == "present"
    found = sorted(reading.values["eigenmodes"], key=lambda mode: mode["momentum"])
    for mode, rate, beta in zip(found, rates, betas, strict=True):
        assert (mode["alpha"], mode["momentum"]) == (close(rate), close(beta))
    assert value(reading, "gain") == close(np.sum(rates / (1 - betas)))


@pytest.mark.parametrize("seed", DRAWS)
def test_a_damped_oscillation(seed):
    rng = np.random.default_rng([4, seed])
    amplitude, decay = 10 ** rng.uniform(-3, 1), rng.uniform(0.7, 0.96)
    period, phase = rng.uniform(6, 40), rng.uniform(-1.5, 1.0)
    reading = read(planted.oscillator(amplitude, decay, 2 * np.pi / period, phase))
    kernel = amplitude * decay ** np.arange(200) * np.cos(2 * np.pi / period * np.arange(200) + phase)
    assert fit(kernel).r2 < 0.95, "the draw is meant not to look like one exponential"
    expected = {"amplitude": amplitude, "decay": decay, "period": period, "phase": phase, "r2": 1.0}
    assert value(reading, "shape") == OSCILLATING
    for name, number in expected.items():
        found = reading.values[f"oscillation_{name}"]
        assert found["value"] == close(number)
        assert (found["low"], found["high"]) == (close(number), close(number))
    (mode,) = reading.values["eigenmodes"]
    assert (mode["momentum"], mode["period"]) == (close(decay), close(period))


def test_a_repeated_pole_is_told_from_two_exponentials():
    lags = np.arange(200)
    repeated = two_poles((0.2 + 0.7 * lags) * 0.79**lags)
    assert (repeated.kind, repeated.decay, repeated.r2) == (CRITICAL, close(0.79), close(1))
    near = two_poles(12 * 0.80**lags - 12 * 0.78**lags)
    assert (near.kind, near.decay) == (CRITICAL, close(0.79))
    apart = two_poles(0.5 * 0.95**lags - 0.3 * 0.2**lags)
    assert (apart.kind, apart.poles.real) == (OVERDAMPED, close([0.95, 0.2]))
    assert read(planted.repeated_pole(0.85, 0.0, 0.1)).values["shape"] == CRITICAL


@pytest.mark.parametrize("seed", DRAWS)
def test_adams_decays_are_eigenvalues_but_it_has_no_kernel_at_rest(seed):
    rng = np.random.default_rng([5, seed])
    beta_1, beta_2 = rng.uniform(0.7, 0.95), rng.uniform(0.98, 0.999)
    subject = planted.subject(planted.adam(10 ** rng.uniform(-3, 0), beta_1, beta_2))
    listed = PROBES["fixed_points"](subject).values["eigenmodes"]
    assert sorted(mode["momentum"] for mode in listed) == close([beta_1, beta_2])
    assert {mode["alpha"] for mode in listed} == {None}
    reading = PROBES["momentum"](subject)
    assert reading.verdict == "undecided"
    assert "depends on the size of the gradient" in reading.sentence
    assert value(reading, "beta_visited") == close(beta_1 / math.sqrt(beta_2))


@pytest.mark.parametrize("seed", DRAWS[:3])
def test_a_schedule_of_the_momentum(seed):
    rng = np.random.default_rng([6, seed])
    rate, first, last, decay = rng.uniform(0.1, 1), *rng.uniform((0.1, 0.85), (0.4, 0.95)), 0.98
    reading = read(planted.scheduled_ball(rate, first, last, decay))
    beta = last + (first - last) * decay ** np.arange(500.0)
    for drift in reading.values["drift_kernels"]:
        later = beta[drift["start"] + 1 : drift["start"] + 60]
        np.testing.assert_allclose(drift["kernel"][1:], rate * np.cumprod(later), rtol=1e-3)
    assert value(reading, "beta") == close(last)
    assert value(reading, "beta_drift") > 0.1


def test_the_optimum_for_the_papers_spectrum():
    assert optimal(1e-3, 1.0) == (close(3.7585), close(0.8811))


@pytest.mark.parametrize("seed", DRAWS[:3])
def test_distance_to_the_best_heavy_ball_and_to_its_limit(seed):
    rng = np.random.default_rng([7, seed])
    low, high = 10 ** rng.uniform((-4, -1), (-2, 1))
    best = optimal(low, high)
    at_best = read(planted.heavy_balls([best.alpha], [best.beta]), curvature=(low, high))
    assert value(at_best, "alpha_ratio") == close(1)
    assert value(at_best, "beta_difference") == pytest.approx(0, abs=1e-3)
    assert value(at_best, "kernel_distance") == pytest.approx(0, abs=1e-3)
    assert value(at_best, "limit") == close(2 * (1 + best.beta) / high)
    # the poles are double there: the error of a double root is the square root of the kernel's
    assert value(at_best, "worst_rate") == pytest.approx(value(at_best, "best_rate"), rel=1e-3)
    too_fast = read(planted.heavy_balls([2.5 * (1 + best.beta) / high], [best.beta]), curvature=(low, high))
    assert value(too_fast, "limit_ratio") == close(1.25)
    assert value(too_fast, "worst_rate") > 1
    assert "largest curvature is 1.25 times" in too_fast.sentence
    tuned = read(planted.heavy_balls([0.3], [0.8]), curvature=(low, high), tuned=(0.1, 0.9))
    assert value(tuned, "alpha_ratio") == close(3)
    assert value(tuned, "beta_difference") == close(-0.1)


@pytest.mark.parametrize("seed", DRAWS)
def test_the_critical_curvature_is_where_parameter_and_state_start_to_grow(seed):
    rng = np.random.default_rng([8, seed])
    system = planted.heavy_balls(rng.uniform(0.01, 1, 3), rng.uniform(0, 0.98, 3))
    if seed % 2:
        system = planted.oscillator(rng.uniform(0.1, 1), rng.uniform(0.5, 0.95), rng.uniform(0.1, 1), -0.5)
    jacobian = system.jacobian(system.h0, 0.0, 0)
    critical = critical_curvature(jacobian)
    below, above = joint_radius(jacobian, critical * np.array([0.999, 1.001]))
    assert below < 1 < above
    assert (joint_radius(jacobian, critical * np.linspace(0.01, 0.99, 50)) < 1).all()


def test_a_climber_is_stable_nowhere():
    assert critical_curvature(planted.sgd(-0.1).jacobian(np.zeros(0), 0.0, 0)) == 0
    assert critical_curvature(planted.sgd(0.1).jacobian(np.zeros(0), 0.0, 0)) == close(20)


NULL = {
    "gradient descent": lambda seed: planted.sgd(10 ** np.random.default_rng(seed).uniform(-5, 2)),
    "untrained network": lambda seed: planted.gru(8, seed),
    "state that is not read": lambda seed: planted.unread(6, seed),
    "state that is not fed": lambda seed: planted.unfed(6, seed),
}


@pytest.mark.parametrize("kind", NULL)
@pytest.mark.parametrize("seed", NULLS)
def test_no_momentum_in_nulls(kind, seed):
    reading = read(NULL[kind](seed))
    assert reading.verdict == "absent", reading.sentence
    assert value(reading, "memory") < 1e-6


def test_a_slow_mode_without_gain_is_not_momentum():
    A, b, w = np.diag([0.995, 0.5]), np.array([1.0, -1.0]), np.array([1e-6, 0.0])
    reading = read(planted.linear(A, b, w, -0.3))
    assert reading.values["spectrum"][0][0] == close(0.995)
    assert reading.verdict == "absent"


def test_memory_that_takes_back_or_climbs_is_not_momentum():
    damped = read(planted.heavy_balls([0.3], [-0.7]))
    assert damped.verdict == "absent"
    assert "undoes the first step" in damped.sentence
    assert value(damped, "beta") == close(-0.7)
    climbing = read(planted.heavy_balls([-0.3], [0.9]))
    assert climbing.verdict == "absent"
    assert "climbs" in climbing.sentence


@pytest.mark.parametrize("seed", NULLS)
def test_an_untrained_network_that_is_read_at_random_is_read_truly(seed):
    """Its memory is real, a leaky average of random sign: it is claimed exactly where it adds to descent."""
    system = planted.gru(8, seed, readout=0.1)
    reading = read(system)
    kernel = kernel_at(system, np.zeros(8), 0, 400)
    assert value(reading, "gain") == close(kernel.sum())
    late = kernel[1:].sum() / np.abs(kernel).sum()
    claimed = kernel.sum() > 0 and late > 0.1
    assert (reading.verdict == "present") == claimed
