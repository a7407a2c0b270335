"""Fixed points, modes, kernels along the drift and axes, on systems whose answers are known."""

import re
from pathlib import Path

import numpy as np
import planted_systems as planted
import pytest

from bench.lookup import resolve
from bench.probes.catalog import PROBES
from bench.probes.dynamics import curvature
from bench.probes.dynamics.eigenmodes import eigenmodes
from bench.probes.dynamics.fixed_points import find
from bench.probes.dynamics.kernel import gain, kernel_at, kernel_of, response, transfer
from bench.probes.dynamics.newton import descend, distance, solve, speed
from bench.probes.dynamics.subject import Subject, Visited
from bench.probes.dynamics.summary import principal_axes
from bench.probes.dynamics.system import System
from bench.probes.mechanisms.heavy_ball import optimal

DRAWS = range(4)


def close(number, rel=1e-3):
    return pytest.approx(number, rel=rel)


@pytest.fixture(scope="module")
def network():
    """A GRU read at random: nothing about it is linear."""
    return planted.subject(planted.gru(12, seed=3, readout=0.3))


@pytest.fixture(scope="module")
def found(network):
    return network.dynamics


def random_linear(seed, n=5):
    rng = np.random.default_rng([11, seed])
    A = rng.standard_normal((n, n))
    A *= rng.uniform(0.5, 0.97) / np.max(np.abs(np.linalg.eigvals(A)))
    return A, rng.standard_normal(n), rng.standard_normal(n)


@pytest.mark.parametrize("seed", DRAWS)
def test_a_constant_gradient_holds_a_linear_map_where_it_must(seed):
    A, b, w = random_linear(seed)
    arms = planted.subject(planted.linear(A, b, w)).dynamics.arms
    held = np.linalg.solve(np.eye(5) - A, b)
    np.testing.assert_allclose(arms.states, arms.gradients[:, None] * held, rtol=1e-3, atol=1e-12)
    np.testing.assert_allclose(arms.updates, arms.gradients * (w @ held), rtol=1e-3, atol=1e-12)
    np.testing.assert_allclose(arms.rates, -w @ b, rtol=1e-3)
    np.testing.assert_allclose(arms.radii, np.max(np.abs(np.linalg.eigvals(A))), rtol=1e-3)
    assert set(arms.stability) == {"stable"}
    assert arms.speeds.max() < 1e-18
    assert list(arms.gradients) == sorted(arms.gradients)


@pytest.mark.parametrize("seed", DRAWS)
def test_rates_of_the_modes_sum_to_the_instant_rate_and_gains_to_the_gain(seed):
    A, b, w = random_linear(seed)
    jacobian = planted.linear(A, b, w).jacobian(np.zeros(5), 0.0, 0)
    modes = eigenmodes(jacobian)
    assert modes.direct == pytest.approx(0, abs=1e-6)
    assert modes.alpha.sum().real == close(-w @ b)
    assert modes.gain.sum() == close(-w @ np.linalg.solve(np.eye(5) - A, b))
    assert gain(jacobian) == close(modes.gain.sum())
    assert (modes.decay.imag >= 0).all()
    kernel = [-w @ np.linalg.matrix_power(A, j) @ b for j in range(40)]
    np.testing.assert_allclose(modes.kernel(40), kernel, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(kernel_of(jacobian, 40), kernel, rtol=1e-3, atol=1e-6)


def test_the_identities_hold_for_a_network(network, found):
    modes, jacobian = found.eigenmodes, found.jacobian
    assert modes.direct == pytest.approx(0, abs=1e-8)
    assert modes.alpha.sum().real == close(-jacobian.D)
    assert modes.gain.sum() == close(found.kernel.sum())
    assert gain(jacobian) == close(found.kernel.sum())
    np.testing.assert_allclose(modes.kernel(found.lags), found.kernel, atol=1e-9)
    z = 1.1 * np.exp(0.7j)
    summed = np.sum(found.kernel * z ** -np.arange(float(found.lags)))
    assert transfer(jacobian, [z])[0] == close(summed)


def test_modes_needed_counts_pairs_once():
    modes = eigenmodes(planted.oscillator(1.0, 0.9, 0.4, 0.3).jacobian(np.zeros(2), 0.0, 0))
    assert len(modes.decay) == modes.needed(0.1, 100) == 1
    two = eigenmodes(planted.heavy_balls([1.0, 0.4], [0.5, 0.95]).jacobian(np.zeros(2), 0.0, 0))
    assert (two.needed(0.6, 100), two.needed(0.01, 100)) == (1, 2)


def test_the_product_of_jacobians_is_the_response_along_the_drift():
    system = planted.scheduled_ball(0.3, 0.2, 0.9, 0.95)
    found = planted.subject(system, 60).dynamics
    assert found.drift_kernels.shape == (61, 60)
    assert found.drift_jacobians.J.shape == (120, 2, 2)
    for start in (0, 17, 60):
        h = found.subject.drift[start : start + 1]
        measured = response(found.subject.system, h, start, 60, frozen=False)[0]
        np.testing.assert_allclose(found.drift_kernels[start], measured, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found.drift_rates, 0.3, rtol=1e-6)


def test_the_drift_of_a_network_ends_in_its_kernel_at_rest(found):
    np.testing.assert_allclose(found.drift_kernels[-1], found.kernel, atol=1e-6)


def test_newton_and_descent_agree(network):
    system, starts = network.system, network.states
    points, residuals = solve(system, starts, 0.3, 0)
    other, left = descend(system, starts, 0.3, 0)
    assert residuals.max() < 1e-9
    assert left.max() < 1e-9
    for one, two in zip(points, other, strict=True):
        assert distance(system, one, two) < 1e-6


def test_descent_goes_downhill_where_newton_cannot_start():
    """F − h = (h − 1)² + c: a slow point at 1 for c > 0; two fixed points for c < 0."""

    def system(c):
        return System(lambda h, g, t: (h + (h - 1) ** 2 + c, -g), np.zeros(1))

    starts = np.array([[-1.0], [0.3], [1.9]])
    slow, residuals = descend(system(0.01), starts, 0.0, 0)
    assert (residuals > 1e-3).all()
    assert slow == pytest.approx(1.0, abs=0.05)
    np.testing.assert_allclose(speed(system(0.01), slow, 0.0, 0), 0.5e-4, rtol=0.1)
    points = find(system(-0.04), starts, 0.0, 0)
    assert sorted(float(p.state[0]) for p in points) == [close(0.8), close(1.2)]
    assert {p.stability for p in points} == {"stable", "unstable"}


def test_all_distinct_fixed_points_under_a_gradient_are_found():
    """h' = tanh(2 h + g / 5): three fixed points at small g, one at large."""
    system = System(lambda h, g, t: (np.tanh(2 * h + g[:, None] / 5), -g), np.array([0.1]))
    subject = Subject.of(system, Visited(np.ones(32), np.linspace(-1, 1, 32)[:, None], 50))
    few, many = subject.dynamics.held(np.array([5.0, 0.2]))
    assert [p.stability for p in few] == ["stable"]
    assert len(many) >= 2
    assert {p.gradient for p in many} == {0.2}
    for point in (*few, *many):
        after = np.tanh(2 * point.state + point.gradient / 5)
        np.testing.assert_allclose(after, point.state, rtol=1e-8)


def test_where_there_is_no_fixed_point_the_slowest_state_is_reported():
    counter = System(lambda h, g, t: (h + 0.5, -g / (1 + h[:, 0])), np.zeros(1))
    reading = PROBES["fixed_points"](planted.subject(counter))
    assert reading.verdict == "absent"
    assert {p["stability"] for p in reading.values["fixed_points"]} == {"none"}
    assert reading.values["lowest_speed"]["value"] == close(0.125)
    assert reading.values["eigenmodes"] == []


def test_marginal_and_continuous_fixed_points():
    slow = planted.heavy_balls([0.1], [0.9995])
    assert planted.subject(slow).rest.stability == "marginal"
    keeper = System(lambda h, g, t: (h + (g**2)[:, None], -g / (1 + h[:, 0])), np.zeros(1))
    subject = planted.subject(keeper)
    reading = PROBES["fixed_points"](subject)
    assert reading.verdict == "undecided"
    assert "continuum" in reading.sentence
    assert PROBES["momentum"](subject).sentence.startswith("momentum: undecided; there is only a marginal")


def test_dependence_on_the_step_count_is_declared():
    adam = PROBES["fixed_points"](planted.subject(planted.adam(0.1, 0.9, 0.99)))
    assert adam.values["step_in_state"]["value"] == 0
    assert adam.values["step_in_update"]["value"] > 0.1
    ball = PROBES["fixed_points"](planted.subject(planted.heavy_balls([0.1], [0.9])))
    assert ball.values["step_in_update"]["value"] == 0
    growing = System(lambda h, g, t: (h * t / (t + 1) + g[:, None], -h[:, 0]), np.zeros(1))
    assert PROBES["fixed_points"](planted.subject(growing)).values["step_in_state"]["value"] > 0.1


def test_curvatures_of_quadratic_tasks():
    low, high = curvature.spectrum(resolve.named_task("linear-regression"))
    assert (low, high) == (close(1e-3, rel=0.02), close(1.0, rel=0.02))
    assert optimal(low, high) == (close(3.758, rel=0.01), close(0.881, rel=0.01))
    given = resolve.named_task("linear-regression[dimension=4,log10_spectrum=(-1.0, 1.0)]")
    assert curvature.spectrum(given) == (close(0.1, rel=0.02), close(10, rel=0.02))
    assert curvature.spectrum(resolve.named_task("rosenbrock")) is None
    assert curvature.spectrum(resolve.named_task("saddle")) is None


def test_the_example_of_the_documentation_runs():
    page = (Path(__file__).parents[1] / "docs" / "probes-dynamics.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(code, {})


def test_axes_of_a_known_ellipse():
    rng = np.random.default_rng(5)
    turn = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    states = rng.standard_normal((20000, 4)) * [4, 2, 1, 0.1] @ turn + 3
    axes = principal_axes(states, np.ones(4))
    np.testing.assert_allclose(np.abs(axes.axes @ turn.T), np.eye(4), atol=0.05)
    np.testing.assert_allclose(axes.shares, np.array([16, 4, 1, 0.01]) / 21.01, rtol=0.05)
    np.testing.assert_allclose(axes.project(states).var(axis=0), [16, 4, 1, 0.01], rtol=0.05)


def test_shapes_and_that_everything_is_computed_once(network, found):
    assert network.dynamics is found
    assert found.arms is found.arms
    n, T = 12, network.horizon
    shapes = {name: part.shape for name, part in found.projected.items()}
    runs = len(network.runs)
    assert shapes == {
        "visited": (runs * T, 5),
        "runs": (runs, T + 1, 5),
        "drift": (T + 1, 5),
        "arms": (33, 5),
        "rest": (5,),
    }
    assert found.arms.states.shape == (33, n)
    assert found.axes.axes.shape == (5, n)
    assert network.visited_states.shape == (runs * T, n)
    np.testing.assert_array_equal(network.runs[:, 0], np.zeros((runs, n)))


@pytest.mark.parametrize("curve", [lambda g: -0.1 * g, np.zeros_like])
def test_without_a_state_there_is_little_to_see(curve):
    subject = planted.subject(System(lambda h, g, t: (h, curve(g)), np.zeros(0)))
    found = subject.dynamics
    assert found.eigenmodes.decay.shape == (0,)
    assert found.projected["runs"].shape == (4, 201, 0)
    assert set(found.arms.stability) == {"stable"}
    assert PROBES["fixed_points"](subject).verdict == "present"
    np.testing.assert_allclose(found.kernel[0], -curve(np.ones(1))[0], rtol=1e-6)
    np.testing.assert_array_equal(found.kernel[1:], 0)


def test_explosions_do_not_stop_the_search():
    wild = System(lambda h, g, t: (h**3 + 10 * h + g[:, None], h[:, 0] ** 5), np.array([1.0]))
    with np.errstate(all="ignore"):
        subject = planted.subject(wild, 40)
        assert {p.stability for p in subject.fixed_points} <= {"unstable"}
        assert PROBES["fixed_points"](subject).verdict == "absent"
        assert np.isfinite(kernel_at(subject.system, np.zeros(1), 0, 5)).all()
