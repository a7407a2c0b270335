"""Fixed points and momentum: planted constants come back, nothing is found where nothing is."""

import numpy as np
import pytest
from probe_samples import BETA, RATE, RNG, close, probe, value

from bench.probes.catalog import PROBES
from bench.probes.controls import planted
from bench.probes.dynamics.realization import modes
from bench.probes.dynamics.subject import Subject, Visited
from bench.probes.dynamics.system import System
from bench.probes.mechanisms.momentum import fit
from bench.probes.minds import would_change
from bench.probes.reading import Reading


def test_fixed_point_of_a_random_linear_map():
    A = RNG.standard_normal((4, 4))
    A *= 0.9 / np.max(np.abs(np.linalg.eigvals(A)))
    b, c, d = RNG.standard_normal(4), RNG.standard_normal(4), -0.3
    reading = probe("fixed_points", planted.linear(A, b, c, d))
    assert reading.verdict == "present"
    assert value(reading, "spectral_radius") == close(0.9)
    held = c @ np.linalg.solve(np.eye(4) - A, b) + d
    for point in reading.values["fixed_points"]:
        assert point["update"] == pytest.approx(held * point["gradient"], rel=1e-3, abs=1e-9)
        assert point["speed"] < 1e-18
        assert point["stability"] == "stable"


def test_two_attractors_are_two_fixed_points():
    system = System(lambda h, g, t: (np.tanh(2 * h) + 0 * g[:, None], -g), np.array([0.1]))
    states = np.linspace(-1, 1, 32)[:, None]
    reading = PROBES["fixed_points"](Subject.of(system, Visited(np.ones(32), states, 50)))
    assert value(reading, "count") == 3
    kinds = [p["stability"] for p in reading.values["fixed_points"] if p["gradient"] == 0]
    assert sorted(kinds) == ["stable", "stable", "unstable"]


def test_heavy_ball():
    reading = probe("momentum", planted.heavy_ball(RATE, BETA))
    assert reading.verdict == "present"
    assert value(reading, "alpha") == close(RATE)
    assert value(reading, "beta") == close(BETA)
    assert value(reading, "gain") == close(RATE / (1 - BETA))
    assert value(reading, "memory") == close(BETA)
    for drift in reading.values["drift_kernels"]:
        assert drift["beta"] == close(BETA)


def test_several_heavy_balls_are_told_apart():
    rates, betas = (0.2, RATE, RATE / 5), (0.0, BETA, 0.985)
    reading = probe("momentum", planted.aggmo(rates, betas))
    found = {round(m["decay"], 3): m["alpha"] for m in reading.values["modes"]}
    assert found[round(BETA, 3)] == close(RATE * BETA)
    assert found[0.985] == close(RATE / 5 * 0.985)


def test_cancelling_modes_do_not_pose_as_memory():
    A, b = np.diag([0.99, 0.99 - 1e-6]), np.ones(2)
    reading = probe("momentum", planted.linear(A, b, np.array([0.1, -0.1]), -0.5))
    assert value(reading, "memory") < 0.02
    assert reading.verdict == "absent"


@pytest.mark.parametrize("build", [planted.sgd, planted.clip, planted.still])
def test_no_momentum_without_state(build):
    reading = probe("momentum", build())
    assert reading.verdict == "absent"
    assert value(reading, "memory") == 0
    assert reading.sentence.startswith("momentum: none")


@pytest.mark.parametrize("build", [planted.adam, planted.rmsprop, planted.one_over_t_state])
def test_no_kernel_without_a_derivative_at_rest(build):
    assert probe("momentum", build()).verdict == "undecided"


def test_adams_memory_is_found_at_visited_states():
    reading = probe("momentum", planted.adam(beta_1=BETA))
    assert value(reading, "beta_visited") == pytest.approx(BETA, rel=0.01)


def test_visited_states_may_be_given():
    states = RNG.standard_normal((500, 1))
    material = Visited(RNG.standard_normal(500), states, 50)
    reading = probe("momentum", planted.heavy_ball(RATE, BETA), material)
    assert value(reading, "beta") == close(BETA)
    assert reading.values["beta"]["low"] == close(BETA)


def test_fit_of_an_alternating_kernel():
    alpha, beta, r2 = fit(0.3 * (-0.6) ** np.arange(50.0))
    assert (alpha, beta, r2) == (close(0.3), close(-0.6), close(1))


def test_modes_of_a_resonance():
    lags = np.arange(200)
    kernel = 0.9**lags * np.cos(0.3 * lags)
    found = modes(kernel, 0.01)
    assert len(found) == 2
    assert abs(complex(found[0]["decay"], found[0]["decay_imag"])) == close(0.9)


def test_a_radius_beside_a_bound_is_written_with_as_many_digits_as_tell_them_apart():
    reading = Reading("present", {"spectral_radius": {"value": 0.99873}})
    assert would_change("fixed_points", reading).endswith("absent beyond 1.001 (it is 0.99873).")
    reading = Reading("present", {"spectral_radius": {"value": 0.87654}})
    assert would_change("fixed_points", reading).endswith("(it is 0.877).")
